/**
 * Tells the model what changed in the files it knows, at each sampling boundary, as a message of its history: what
 * was told stays told, and the prompt cache keeps its prefix.
 */
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
import type { SessionJournal } from "../ports/session-store.ts";
import { describeFoundChanges } from "../workspace/describe-found-changes.ts";
import type { FileWatch, FoundChange, LookOptions } from "../workspace/file-watch.ts";
import { withAbortGrace } from "./abort-grace.ts";
import type { EventHub } from "./event-hub.ts";
import { decide, type Policy } from "./permission-policy.ts";
import { remark } from "./remark.ts";

/** A disk that does not answer must not hold up the turn; what it would have said is told the next time. */
const LOOK_LIMIT_MS = 2_000;

export interface EnvironmentWatchOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly log: Log;
  readonly files: FileWatch;
  readonly policy: () => Policy;
  /** Has the before-images. */
  readonly journal: Pick<SessionJournal, "getBlob">;
}

export class EnvironmentWatch {
  readonly #options: EnvironmentWatchOptions;
  #turnId: string | undefined;

  constructor(options: EnvironmentWatchOptions) {
    this.#options = options;
  }

  /** Call right before a request is made. Rejects only with AppError `storage`: then nothing was told. */
  async tell(signal: AbortSignal): Promise<void> {
    const { files, hub, ids } = this.#options;
    if (files.isIdle) return;
    files.resultsSeen();
    const found = await this.#look(signal);
    if (!found || signal.aborted) return;
    const { text, files: told } = describeFoundChanges(found);
    // The words first: of a write that is cut, what is left must not count as told.
    await hub.emit([remark(ids, text), { type: "environment.changed", files: [...told] }]);
    files.accept(found, told);
  }

  async #look(signal: AbortSignal): Promise<readonly FoundChange[] | null> {
    const { files, log } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, LOOK_LIMIT_MS, "late");
    });
    try {
      const found = await withAbortGrace(Promise.race([files.look(this.#lookOptions()), late]), signal);
      if (found !== "late") return found;
      log.warn("looking for changed files took too long; they are told with the next request");
    } catch (error) {
      log.error("looking for changed files failed", error);
    } finally {
      clearTimeout(timer);
    }
    return null;
  }

  #lookOptions(): LookOptions {
    const { hub, policy, journal } = this.#options;
    const { activeTurnId, allowedKeys } = hub.state;
    // Between turns, and before a turn is resumed, there was time to change anything.
    const thorough = this.#turnId !== activeTurnId;
    this.#turnId = activeTurnId ?? undefined;
    return {
      thorough,
      mayShow: ({ path, insideWorkspace }) =>
        decide(policy(), { kind: "read", path, insideWorkspace }, allowedKeys, "read_file").decision === "allow",
      readBlob: (hash) => journal.getBlob(hash),
    };
  }
}
