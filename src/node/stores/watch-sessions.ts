/** Tells when sessions of some workspaces are made, written to, claimed or removed, by whatever process. No polling. */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import type { Disposable } from "../../base/disposable.ts";
import { workspaceKey } from "./file-session-store.ts";

/**
 * `onChange` gets the session's id. Where there is no folder to watch yet it is the next one above that is watched; one
 * that can not be watched at all (no more handles, a network disk) is passed over: the list is then as old as its last
 * look.
 */
export function watchSessions(
  home: string,
  cwds: readonly string[],
  onChange: (sessionId: string) => void,
): Disposable {
  const root = join(home, "sessions");
  const watchers = cwds.map((cwd) => new FolderWatcher(root, workspaceKey(cwd), onChange));
  return {
    dispose() {
      for (const watcher of watchers) watcher.dispose();
    },
  };
}

class FolderWatcher implements Disposable {
  readonly #root: string;
  readonly #key: string;
  readonly #onChange: (sessionId: string) => void;
  #watcher: FSWatcher | undefined;

  constructor(root: string, key: string, onChange: (sessionId: string) => void) {
    this.#root = root;
    this.#key = key;
    this.#onChange = onChange;
    this.#arm();
  }

  dispose(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #arm(): void {
    this.dispose();
    if (this.#tryWatch(join(this.#root, this.#key), (kind, name) => this.#report(kind, name))) return;
    this.#tryWatch(this.#root, (_kind, name) => {
      if (name !== this.#key) return;
      this.#arm();
      this.#onChange("");
    });
  }

  #tryWatch(folder: string, listener: (kind: string, name: string | null) => void): boolean {
    try {
      this.#watcher = watch(folder, { persistent: false }, listener);
    } catch {
      return false;
    }
    this.#watcher.on("error", () => this.dispose());
    return true;
  }

  /** A claim is renewed every few seconds; only that it comes or goes means something. */
  #report(kind: string, name: string | null): void {
    const [, sessionId, suffix] = name?.match(/^(.*)\.(jsonl|lock)$/) ?? [];
    if (sessionId === undefined || (suffix === "lock" && kind !== "rename")) return;
    this.#onChange(sessionId);
  }
}
