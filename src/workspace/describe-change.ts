/** A change of a file from one content to another: as it is recorded, and as a diff for the eye. */
import type { FileChange } from "../protocol/items.ts";
import { diffDocuments, opaqueDiff, type TextDiff } from "./text-diff.ts";
import { decodeDocument, type TextDocument } from "./text-document.ts";

export interface FileVersion {
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly sizeBytes: number | null;
  /** Null when it is not text, or was not kept. */
  readonly document: TextDocument | null;
}

export interface DescribedChange {
  readonly change: FileChange & { readonly afterHash: string };
  readonly diff: TextDiff;
}

/** `bytes` is null for a content that was not kept. */
export function versionOf(hash: string, bytes: Uint8Array | null): FileVersion {
  const decoded = bytes && decodeDocument(bytes);
  return { hash, sizeBytes: bytes?.byteLength ?? null, document: decoded?.kind === "text" ? decoded.document : null };
}

/** `before` is null for a file that is new; `shown` is the path as the diff names it. */
export async function describeChange(
  { path, shown }: { readonly path: string; readonly shown: string },
  before: FileVersion | null,
  after: FileVersion,
): Promise<DescribedChange> {
  const diff = await diffOf(shown, before, after);
  return {
    change: {
      path,
      kind: before ? "modified" : "created",
      addedLines: diff.addedLines,
      removedLines: diff.removedLines,
      beforeHash: before?.hash ?? null,
      afterHash: after.hash,
    },
    diff,
  };
}

async function diffOf(shown: string, before: FileVersion | null, after: FileVersion): Promise<TextDiff> {
  if (!after.document) return untold(shown, `the new content is not UTF-8 text (${after.sizeBytes} bytes)`);
  if (before === null) return diffDocuments(shown, null, after.document);
  if (before.sizeBytes === null) return untold(shown, "the old content was not kept");
  if (!before.document) return opaqueDiff(shown, before.sizeBytes, after.document);
  return diffDocuments(shown, before.document, after.document);
}

function untold(shown: string, why: string): TextDiff {
  return { diff: `--- a/${shown}\n+++ b/${shown}\n@@ ${why} @@\n`, truncated: true, addedLines: 0, removedLines: 0 };
}
