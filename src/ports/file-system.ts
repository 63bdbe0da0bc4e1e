/**
 * Files as the operations in `workspace/` need them. In the editor an adapter lays open dirty documents over
 * the disk, so what is read is what the person sees and a replacement goes through the document.
 */
export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Whether this process may write to it. */
  readonly writable: boolean;
}

/** A system error (`EFBIG`) that knows how large the file is. */
export interface FileTooLargeError extends Error {
  readonly code: "EFBIG";
  readonly sizeBytes: number;
}

/**
 * Tells contents apart without reading them: while a path's version is the same in every field, so are its bytes.
 */
export interface FileVersion {
  readonly inode: number;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Of the file's metadata: unlike the time above nobody can set it back. */
  readonly changedAtMs: number;
  /** Names one state of the unsaved document that lies over the file. */
  readonly document?: string;
}

export interface VersionedContent {
  readonly bytes: Uint8Array;
  /** Of these bytes or older, never newer. Null: written so recently that the next write might not show in it. */
  readonly version: FileVersion | null;
}

/** A file whose newest content is not on the disk yet. */
export interface UnsavedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type ReplaceResult =
  | { readonly kind: "replaced" }
  /** The bytes on disk were no longer the expected ones; nothing was written. */
  | { readonly kind: "changed" };

export interface FileSystem {
  /** Null when there is nothing at the path. Follows symlinks. Rejects with a Node system error otherwise. */
  stat(path: string): Promise<FileStat | null>;
  /**
   * Null when there is nothing at the path. Rejects with a Node system error (`EISDIR`, `EACCES`, …) otherwise, and
   * with a `FileTooLargeError` when there is more in the file than `maxBytes`, whatever it says of its size.
   */
  read(path: string, maxBytes?: number): Promise<Uint8Array | null>;
  /** Like `read`, with what tells later whether another reading would give the same. */
  readVersioned(path: string, maxBytes?: number): Promise<VersionedContent | null>;
  /**
   * In the order of the paths, and cheap: called for every known file before every request. Null where one has to
   * read to know: missing, not a regular file, out of reach, or written a moment ago. Never rejects.
   */
  versions(paths: readonly string[]): Promise<readonly (FileVersion | null)[]>;
  /** The path with all symlinks resolved; for a path that does not exist, of its nearest existing ancestor plus the rest. */
  realPath(path: string): Promise<string>;
  /**
   * Replaces the whole file when its current bytes have SHA-256 `expectedHash` (null: must not exist). Missing
   * folders are made. All or nothing: a temporary file beside it, fsync, rename; mode kept; never through a
   * symlink (the caller passes a real path). Rejects with a Node system error, the old file being intact.
   */
  replace(path: string, bytes: Uint8Array, expectedHash: string | null): Promise<ReplaceResult>;
  /** Names in a folder, folders with a trailing slash. */
  list(path: string): Promise<string[]>;
  /** All files for which `read` gives something else than the disk has, by their real paths. Never rejects. */
  unsaved(): Promise<readonly UnsavedFile[]>;
}
