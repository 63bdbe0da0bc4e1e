/** Text search over files. */
import type { UnsavedFile } from "./file-system.ts";

export interface SearchRequest {
  /** Regular expression (Rust syntax). Never interpreted as an option. */
  readonly pattern: string;
  /** Absolute files or folders. */
  readonly paths: readonly string[];
  /** Globs of files to look at; empty: all that are not ignored. */
  readonly include: readonly string[];
  /** Searched instead of what the disk has, where the search comes to these files. Real paths. */
  readonly unsaved: readonly UnsavedFile[];
  readonly maxResults: number;
  readonly signal: AbortSignal;
}

export interface SearchMatch {
  /** Absolute. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** The line without its ending, cut to 500 characters. */
  readonly text: string;
}

export type SearchResult =
  /** `total` counts on past `maxResults` up to a bound; `totalIsLowerBound` says when it stopped. */
  | {
      readonly kind: "found";
      readonly matches: readonly SearchMatch[];
      readonly total: number;
      readonly totalIsLowerBound: boolean;
      readonly timedOut: boolean;
    }
  | { readonly kind: "bad-pattern"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

export interface Search {
  /** Must not reject; stops within 100 ms of an abort, leaving no process. */
  find(request: SearchRequest): Promise<SearchResult>;
}
