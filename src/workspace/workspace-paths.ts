/**
 * From a path as a model writes it to the very path that is opened and judged. Symlinks are resolved before
 * anything is decided, so a link out of the workspace counts as outside, and a `..` back into it as inside.
 */
import { posix, win32 } from "node:path";
import { messageOf, systemCodeOf } from "../base/app-error.ts";
import type { FileSystem } from "../ports/file-system.ts";

export interface ResolvedPath {
  readonly kind: "resolved";
  /** Absolute, symlinks resolved. */
  readonly path: string;
  readonly insideWorkspace: boolean;
  /** As it is shown: relative to the working folder when it is below it, else absolute. */
  readonly shown: string;
}

export type PathResult = ResolvedPath | { readonly kind: "invalid"; readonly message: string };

export interface WorkspacePathsOptions {
  /** Absolute folder that relative paths start from. */
  readonly cwd: string;
  /** The open folders; none of them open means that nothing is inside. */
  readonly folders: readonly string[];
  readonly files: Pick<FileSystem, "realPath">;
  /** What `~` stands for. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

interface RealFolders {
  readonly cwd: string;
  readonly roots: readonly string[];
}

export class WorkspacePaths {
  readonly cwd: string;
  readonly #files: Pick<FileSystem, "realPath">;
  readonly #home: string;
  readonly #style: typeof posix;
  #folders: readonly string[];
  #real: Promise<RealFolders> | undefined;
  /** Where each folder led when it was first used. */
  readonly #realPaths = new Map<string, Promise<string>>();

  constructor(options: WorkspacePathsOptions) {
    this.cwd = options.cwd;
    this.#folders = options.folders;
    this.#files = options.files;
    this.#home = options.home;
    this.#style = options.platform === "win32" ? win32 : posix;
  }

  get folders(): readonly string[] {
    return this.#folders;
  }

  /** The folders that are open from now on. */
  setFolders(folders: readonly string[]): void {
    this.#folders = folders;
    this.#real = undefined;
  }

  /** Touches nothing but symlinks. Never rejects. */
  async resolve(given: string): Promise<PathResult> {
    if (given.trim() === "") return invalid("The path is empty. Give the path of a file.");
    if (given.includes("\0")) return invalid("The path contains a NUL character. Give a path without it.");
    const { resolve, relative } = this.#style;
    const absolute = resolve(this.cwd, this.#expandHome(given));
    // On Windows a colon after the drive names an alternate stream of a file: same file, other content.
    if (this.#style === win32 && absolute.slice(2).includes(":")) {
      return invalid(`The path ${given} contains a colon. Give the path of an ordinary file.`);
    }
    try {
      const path = await this.#files.realPath(absolute);
      const { roots, cwd } = await this.#realFolders();
      const fromCwd = relative(cwd, path);
      return {
        kind: "resolved",
        path,
        insideWorkspace: roots.some((root) => this.#isInside(root, path)),
        shown: this.#isInside(cwd, path) ? fromCwd || "." : path,
      };
    } catch (error) {
      return invalid(`The path ${given} can not be used: ${describe(error)}`);
    }
  }

  /** Whether the path still leads where it led when it was judged. */
  async isStill(path: string): Promise<boolean> {
    return (await this.#files.realPath(path).catch(() => null)) === path;
  }

  /**
   * The open folders are where they were when the session opened them: a folder that is swapped for a link later does
   * not take the workspace along.
   */
  #realFolders(): Promise<RealFolders> {
    if (this.#real) return this.#real;
    const real = this.#resolveFolders();
    this.#real = real;
    real.catch(() => {
      if (this.#real === real) this.#real = undefined;
    });
    return real;
  }

  async #resolveFolders(): Promise<RealFolders> {
    const [cwd, ...roots] = await Promise.all([this.cwd, ...this.#folders].map((path) => this.#realPathOf(path)));
    return { cwd: cwd as string, roots };
  }

  #realPathOf(folder: string): Promise<string> {
    const known = this.#realPaths.get(folder);
    if (known) return known;
    const found = this.#files.realPath(folder);
    this.#realPaths.set(folder, found);
    found.catch(() => this.#realPaths.delete(folder));
    return found;
  }

  #isInside(root: string, path: string): boolean {
    const { relative, isAbsolute, sep } = this.#style;
    const rest = relative(root, path);
    return rest !== ".." && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
  }

  #expandHome(given: string): string {
    if (given === "~") return this.#home;
    const separated = given.startsWith("~/") || (this.#style === win32 && given.startsWith("~\\"));
    return separated ? this.#style.join(this.#home, given.slice(2)) : given;
  }
}

function invalid(message: string): PathResult {
  return { kind: "invalid", message };
}

function describe(error: unknown): string {
  switch (systemCodeOf(error)) {
    case "ENOTDIR":
      return "a part of it is a file, not a folder. Give a path through folders.";
    case "EACCES":
    case "EPERM":
      return "a folder on the way may not be entered. Ask the person for access or use another path.";
    case "ELOOP":
      return "its symbolic links go in a circle. Use another path.";
    case "ENAMETOOLONG":
      return "it is too long. Use a shorter name.";
    default:
      return `${messageOf(error)}. Use another path.`;
  }
}
