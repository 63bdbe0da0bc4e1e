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

export type ReplaceResult =
  | { readonly kind: "replaced" }
  /** The bytes on disk were no longer the expected ones; nothing was written. */
  | { readonly kind: "changed" };

export interface FileSystem {
  /** Null when there is nothing at the path. Follows symlinks. Rejects with a Node system error otherwise. */
  stat(path: string): Promise<FileStat | null>;
  /**
   * Null when there is nothing at the path. Rejects with a Node system error (`EISDIR`, `EACCES`, …) otherwise, and
   * with a `FileTooLargeError` when the file is larger than `maxBytes`, of which then nothing was read.
   */
  read(path: string, maxBytes?: number): Promise<Uint8Array | null>;
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
}
