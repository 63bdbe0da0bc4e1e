/**
 * Tells whoever comes after this process, should it be killed, which shells it had: a private file in the folder of
 * its sockets. What orderly ends is no longer in it.
 */
import { rename, utimes, writeFile } from "node:fs/promises";
import { messageOf } from "../base/app-error.ts";
import { processEntry } from "../node/pty/process-table.ts";
import type { HostPlace } from "../node/pty-host/host-place.ts";
import { type LeftShells, renewEveryMs } from "../node/pty-host/left-shells.ts";
import { thisMachine } from "../node/stores/writer-claim.ts";
import type { Log } from "../ports/log.ts";
import type { PtySpawner, PtySpawnResult } from "../terminals/pty.ts";

export class ShellRecord {
  readonly #place: HostPlace;
  readonly #markPrefix: string;
  readonly #log: Log;
  readonly #shells = new Map<number, string>();
  #writing: Promise<void> | null = null;
  #stale = false;
  #closed = false;
  readonly #renewal: NodeJS.Timeout;

  constructor(place: HostPlace, markPrefix: string, log: Log) {
    this.#place = place;
    this.#markPrefix = markPrefix;
    this.#log = log;
    this.#renewal = setInterval(() => {
      const now = new Date();
      utimes(place.shellsFile, now, now).catch(() => undefined);
    }, renewEveryMs);
    this.#renewal.unref();
  }

  /** Resolves when what is known now is on disk. Rejects when it can not be written. */
  async save(): Promise<void> {
    const shells = [...this.#shells].map(([pid, startedAt]) => ({ pid, startedAt }));
    const content: LeftShells = { machine: await thisMachine(), markPrefix: this.#markPrefix, shells };
    const aside = `${this.#place.shellsFile}.new`;
    await writeFile(aside, JSON.stringify(content), { mode: 0o600 });
    await rename(aside, this.#place.shellsFile);
  }

  /** Nothing is written any more; what is there stays. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#renewal);
    this.#stale = false;
    await this.#writing;
  }

  /**
   * Spawns as the other one does, and keeps the record. What is typed into a shell reaches it once it stands there: a
   * program that has lost the mark is found by its shell alone.
   */
  recording(spawner: PtySpawner): PtySpawner {
    return {
      findShell: (shell, path) => spawner.findShell(shell, path),
      spawn: async (request) => {
        const result = await spawner.spawn(request);
        return result.kind === "spawned" ? this.#recorded(result) : result;
      },
    };
  }

  #recorded({ pty }: Extract<PtySpawnResult, { kind: "spawned" }>): PtySpawnResult {
    let ended = false;
    let typedEarly: string[] | null = [];
    const record = async () => {
      const entry = await processEntry(pty.pid, this.#log);
      if (entry === null || ended) return;
      this.#shells.set(pty.pid, entry.startedAt);
      await this.#changed();
    };
    void record().finally(() => {
      const typed = typedEarly ?? [];
      typedEarly = null;
      for (const data of typed) pty.write(data);
    });
    return {
      kind: "spawned",
      pty: {
        ...pty,
        write: (data) => {
          if (typedEarly === null) pty.write(data);
          else typedEarly.push(data);
        },
        onExit: (listener) =>
          pty.onExit((exit) => {
            ended = true;
            if (this.#shells.delete(pty.pid)) void this.#changed();
            listener(exit);
          }),
      },
    };
  }

  /** Many changes at once are one write. Resolves when it is over, however it went. */
  async #changed(): Promise<void> {
    if (this.#closed) return;
    this.#stale = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      // By the marks they are found all the same, where the system tells environments.
      await this.save().catch((error: unknown) =>
        this.#log.warn("the record of shells could not be written", { cause: messageOf(error) }),
      );
    }
  }
}
