/** The one list of built-in tools. A new tool is a file in its dialect's folder and a line here. */
import type { Tool } from "../ports/tool.ts";
import { archiveContext } from "./codepilot/archive-context.ts";
import { askUser } from "./codepilot/ask-user.ts";
import { execute } from "./codepilot/execute.ts";
import { find } from "./codepilot/find.ts";
import { listArchivedContext } from "./codepilot/list-archived-context.ts";
import { readFile } from "./codepilot/read-file.ts";
import { readOutput } from "./codepilot/read-output.ts";
import { revealContext } from "./codepilot/reveal-context.ts";
import { sendInput } from "./codepilot/send-input.ts";
import { terminateTerminal } from "./codepilot/terminate-terminal.ts";
import { writeFile } from "./codepilot/write-file.ts";
import type { ToolDeps } from "./tool-deps.ts";

export type { ToolDeps } from "./tool-deps.ts";

export type Dialect = "codepilot";

const dialects: Record<Dialect, (deps: ToolDeps) => Tool[]> = {
  codepilot: (deps) => [
    readFile(deps),
    writeFile(deps),
    find(deps),
    execute(deps),
    readOutput(deps),
    sendInput(deps),
    terminateTerminal(deps),
    askUser(),
  ],
};

/** In the order in which models see them. */
export function createTools(deps: ToolDeps, dialect: Dialect = "codepilot"): Tool[] {
  return dialects[dialect](deps);
}

/** Over the context of the session itself: whether they are offered depends on how the model acts. */
export function createContextTools(): Tool[] {
  return [archiveContext(), revealContext(), listArchivedContext()];
}
