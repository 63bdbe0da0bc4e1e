/**
 * The folder in which new sessions work. With one open folder it is that one; with several the person says which, once
 * for the window.
 */
import { AppError } from "../../base/app-error.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Log } from "../../ports/log.ts";

export interface OpenFolder {
  readonly name: string;
  readonly path: string;
}

export interface HomeFolderOptions {
  readonly folders: () => readonly OpenFolder[];
  /** Path of the folder with the file that is being edited. */
  readonly activeFolder: () => string | undefined;
  /** Asks the person; undefined: dismissed. */
  readonly pick: (folders: readonly OpenFolder[], preselected: OpenFolder) => Promise<OpenFolder | undefined>;
  /** What a window of this workspace chose before. */
  readonly kept: { read(): unknown; write(path: string): void };
  readonly log: Log;
}

export class HomeFolder implements Disposable {
  readonly #options: HomeFolderOptions;
  readonly #changes: Emitter<OpenFolder>;
  #path: unknown;
  #asking: Promise<OpenFolder | undefined> | undefined;

  constructor(options: HomeFolderOptions) {
    this.#options = options;
    this.#path = options.kept.read();
    this.#changes = new Emitter((error) => options.log.error("a listener failed", error));
  }

  onDidChange(listener: (folder: OpenFolder) => void): Disposable {
    return this.#changes.on(listener);
  }

  /** Null without an open folder, and with several of which none was chosen. */
  get current(): OpenFolder | null {
    const folders = this.#options.folders();
    if (folders.length === 1) return folders[0] ?? null;
    return folders.find(({ path }) => path === this.#path) ?? null;
  }

  /** Asks where there is a choice that was not made yet; null when the person dismisses. Rejects with AppError `usage`. */
  async forNewTask(): Promise<OpenFolder | null> {
    if (this.#options.folders().length === 0) throw noFolder();
    return this.current ?? (await this.choose()) ?? null;
  }

  /** Asks whatever was chosen before. Asked twice at once, the person sees one question. Rejects with AppError `usage`. */
  choose(): Promise<OpenFolder | undefined> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  dispose(): void {
    this.#changes.dispose();
  }

  async #ask(): Promise<OpenFolder | undefined> {
    const { folders, activeFolder, pick, kept } = this.#options;
    const open = folders();
    const first = open[0];
    if (!first) throw noFolder();
    const active = activeFolder();
    const preselected = this.current ?? open.find(({ path }) => path === active) ?? first;
    const chosen = open.length === 1 ? first : await pick(open, preselected);
    if (!chosen || chosen.path === this.#path) return chosen;
    this.#path = chosen.path;
    kept.write(chosen.path);
    this.#changes.emit(chosen);
    return chosen;
  }
}

export function noFolder(): AppError {
  return new AppError("usage", "No folder is open, so there is nothing to work on.", {
    next: "Open a folder and give the task again.",
  });
}
