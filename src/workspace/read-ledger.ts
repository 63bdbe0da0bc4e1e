/**
 * What the model has seen of each file, in one session: edits by line number are allowed only while the file still
 * has those very bytes. Content is kept, within a bound, to be able to say which lines changed since.
 */
import type { ToolDisplay } from "../protocol/items.ts";
import { changedRanges, type LineRange } from "./text-diff.ts";
import { decodeDocument } from "./text-document.ts";

export type Knowledge =
  | { readonly kind: "current" }
  | { readonly kind: "unread" }
  /** `ranges`: changed lines, numbered as they are now; null when the seen content is not kept any more. */
  | { readonly kind: "stale"; readonly ranges: readonly LineRange[] | null };

export class ReadLedger {
  /** Oldest use first. */
  readonly #seen = new Map<string, { readonly hash: string; bytes: Uint8Array | null }>();
  readonly #maxKeptBytes: number;
  #keptBytes = 0;

  constructor(options: { readonly maxKeptBytes?: number } = {}) {
    this.#maxKeptBytes = options.maxKeptBytes ?? 16 * 1024 * 1024;
  }

  /** The model has seen, or itself written, this content. `path` is a real path. */
  record(path: string, hash: string, bytes: Uint8Array): void {
    this.forget(path);
    this.#seen.set(path, { hash, bytes });
    this.#keptBytes += bytes.byteLength;
    for (const entry of this.#seen.values()) {
      if (this.#keptBytes <= this.#maxKeptBytes) break;
      this.#keptBytes -= entry.bytes?.byteLength ?? 0;
      entry.bytes = null;
    }
  }

  /** From a journal: the hash without the content. */
  restore(path: string, hash: string): void {
    this.forget(path);
    this.#seen.set(path, { hash, bytes: null });
  }

  /**
   * From the display of a finished call. An edit counts only where its base was known or the file was new:
   * appending to a file does not show what else is in it.
   */
  restoreFrom(display: ToolDisplay): void {
    if (display.kind === "read") this.restore(display.path, display.hash);
    if (display.kind !== "edit") return;
    const { path, beforeHash, afterHash } = display.change;
    if (afterHash === null) this.forget(path);
    else if (beforeHash === null || this.hashOf(path) === beforeHash) this.restore(path, afterHash);
  }

  hashOf(path: string): string | undefined {
    return this.#seen.get(path)?.hash;
  }

  async check(path: string, current: { readonly hash: string; readonly bytes: Uint8Array }): Promise<Knowledge> {
    const seen = this.#seen.get(path);
    if (!seen) return { kind: "unread" };
    if (seen.hash === current.hash) return { kind: "current" };
    const before = seen.bytes && decodeDocument(seen.bytes);
    const after = decodeDocument(current.bytes);
    const comparable = before?.kind === "text" && after.kind === "text";
    return { kind: "stale", ranges: comparable ? await changedRanges(before.document, after.document) : null };
  }

  forget(path: string): void {
    this.#keptBytes -= this.#seen.get(path)?.bytes?.byteLength ?? 0;
    this.#seen.delete(path);
  }
}
