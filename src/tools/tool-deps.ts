/** What tools work with; one set a session. */
import type { IdSource } from "../base/ids.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Search } from "../ports/search.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { ReadLedger } from "../workspace/read-ledger.ts";
import type { WorkspacePaths } from "../workspace/workspace-paths.ts";

export interface ToolDeps {
  readonly paths: WorkspacePaths;
  readonly files: FileSystem;
  readonly ledger: ReadLedger;
  readonly search: Search;
  readonly terminals: Terminals;
  readonly ids: IdSource;
  /** Of what a command printed; undefined: MAX_OUTPUT_CHARS of the terminal tools. */
  readonly maxOutputChars?: number | undefined;
}
