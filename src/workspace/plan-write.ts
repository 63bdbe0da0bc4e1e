/**
 * Prepares the replacement of a file: reads what is there, checks that the model knows it, computes the new bytes
 * and the diff. `commitWrite` then does compare-and-swap on exactly the bytes this was computed from. Both dialects'
 * edit tools go through here.
 */

import { hashOf } from "../base/content-hash.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { FileChange } from "../protocol/items.ts";
import { describeChange } from "./describe-change.ts";
import { applyEdit, describeEdit, type FileEdit } from "./file-edit.ts";
import { describeWriteError, folderText, missingText, readOnlyText } from "./file-errors.ts";
import { firstMovedLine } from "./line-edits.ts";
import { loadFile } from "./read-file.ts";
import type { Knowledge, MovedLines, ReadLedger } from "./read-ledger.ts";
import type { TextDiff } from "./text-diff.ts";
import { decodeDocument, encodeDocument } from "./text-document.ts";
import type { ResolvedPath, WorkspacePaths } from "./workspace-paths.ts";

export interface WriteDeps {
  readonly paths: WorkspacePaths;
  readonly files: FileSystem;
  readonly ledger: ReadLedger;
}

export interface PlannedWrite {
  readonly kind: "planned";
  readonly target: ResolvedPath;
  readonly change: FileChange & { readonly afterHash: string };
  /** The file exists and the model has not seen its current bytes. */
  readonly unread: boolean;
  readonly diff: TextDiff;
  readonly before: Uint8Array | null;
  readonly after: Uint8Array;
  /** What will have been done, in words. */
  readonly summary: string;
}

export type WritePlan =
  | PlannedWrite
  /** The file has this very content already. */
  | { readonly kind: "same"; readonly target: ResolvedPath }
  | { readonly kind: "refused"; readonly reason: string };

export async function planWrite(deps: WriteDeps, given: string, edit: FileEdit): Promise<WritePlan> {
  const { paths, files, ledger } = deps;
  const target = await paths.resolve(given);
  if (target.kind === "invalid") return refused(target.message);
  const { path, shown } = target;
  if (/[\\/]$/.test(given)) return refused(folderText(given));
  if (edit.kind === "lines" && ledger.hashOf(path) === undefined) return refused(await readFirst(files, target));

  const loaded = await loadFile(files, target);
  if (loaded.kind === "refused") return refused(loaded.output);
  if (loaded.kind === "missing") {
    if (edit.kind === "lines") return refused(`${missingText(shown)} Mode "w" creates it.`);
    return finish(deps, target, edit, null);
  }
  const { bytes } = loaded;
  const stat = await files.stat(path).catch(() => null);
  if (stat && !stat.writable) return refused(readOnlyText(shown));
  const hash = hashOf(bytes);
  const knowledge = await ledger.check(path, { hash, bytes });
  if (edit.kind === "lines") {
    if (knowledge.kind !== "current") return refused(staleText(shown, knowledge));
    const movedFrom = ledger.movedFrom(path);
    if (
      movedFrom !== undefined &&
      edit.edits.some(({ startLine, endLine }) => Math.max(startLine, endLine) >= movedFrom)
    ) {
      return refused(movedText(shown, movedFrom));
    }
  }
  return finish(deps, target, edit, { bytes, hash, unread: knowledge.kind !== "current" });
}

interface Existing {
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly unread: boolean;
}

async function finish(
  { ledger }: WriteDeps,
  target: ResolvedPath,
  edit: FileEdit,
  existing: Existing | null,
): Promise<WritePlan> {
  const { path, shown } = target;
  const decoded = existing ? decodeDocument(existing.bytes) : null;
  const old = decoded?.kind === "text" ? decoded.document : null;
  if (decoded?.kind === "not-text" && edit.kind !== "overwrite") {
    return refused(`${shown} is binary or not UTF-8, so its lines can not be edited. Use a program through execute.`);
  }
  const edited = applyEdit(edit, old);
  if (edited.kind === "impossible") {
    return refused(`${edited.problem} Call read_file for the current lines of ${shown}.`);
  }
  const after = encodeDocument(edited.document);
  const afterHash = hashOf(after);
  if (existing?.hash === afterHash) {
    if (edit.kind === "overwrite") ledger.recordRead(path, { hash: afterHash, bytes: after, version: null }, true);
    return { kind: "same", target };
  }
  const described = await describeChange(
    target,
    existing && { hash: existing.hash, sizeBytes: existing.bytes.byteLength, document: old },
    { hash: afterHash, sizeBytes: after.byteLength, document: edited.document },
  );
  return {
    kind: "planned",
    target,
    ...described,
    unread: existing?.unread ?? false,
    before: existing?.bytes ?? null,
    after,
    summary: describeEdit(edit, existing && (old ?? edited.document), edited.document),
  };
}

export type Written = { readonly kind: "written" } | { readonly kind: "failed"; readonly reason: string };

/** Never rejects. When it fails, the file is as it was. */
export async function commitWrite(
  { paths, files, ledger }: WriteDeps,
  plan: PlannedWrite,
  edit: FileEdit,
): Promise<Written> {
  const { path, shown } = plan.target;
  if (!(await paths.isStill(path)))
    return failed(`${shown} leads elsewhere by now. Look at it again before you write.`);
  try {
    const result = await files.replace(path, plan.after, plan.change.beforeHash);
    if (result.kind === "changed") {
      return failed(`${shown} was changed meanwhile by someone else. Call read_file and decide anew.`);
    }
  } catch (error) {
    return failed(describeWriteError(error, shown));
  }
  const { beforeHash, afterHash } = plan.change;
  const before = beforeHash === null ? null : { hash: beforeHash, bytes: plan.before };
  // Appending to a file does not show what else is in it.
  const seen = edit.kind === "overwrite" || !plan.unread;
  ledger.recordWrite(path, before, { hash: afterHash, bytes: plan.after }, { seen, moved: movedBy(edit) });
  return { kind: "written" };
}

async function readFirst(files: FileSystem, { path, shown, insideWorkspace }: ResolvedPath): Promise<string> {
  // Outside the workspace even the existence of a file is told only with permission, so by read_file.
  const absent = insideWorkspace && (await files.stat(path).catch(() => undefined)) === null;
  return absent
    ? `${missingText(shown)} Mode "w" creates it.`
    : `${shown} was not read in this session. Call read_file first, then edit by the line numbers it shows.`;
}

function staleText(shown: string, knowledge: Exclude<Knowledge, { kind: "current" }>): string {
  const ranges = knowledge.kind === "stale" ? knowledge.ranges : null;
  const where = ranges && ranges.length > 0 ? ` at ${nameRanges(ranges)} (as numbered now)` : "";
  return `${shown} was changed since you read it${where}. Call read_file again before you edit it.`;
}

function movedText(shown: string, line: number): string {
  return `An earlier call of this reply has changed ${shown} at line ${line} and moved the lines below, so these line numbers may be old. Its result shows where lines are now: repeat this edit in your next reply, by those numbers. Several places in one reply: mode "multi_edit".`;
}

function movedBy(edit: FileEdit): MovedLines {
  if (edit.kind === "overwrite") return "rewritten";
  return edit.kind === "append" ? null : firstMovedLine(edit.edits);
}

function nameRanges(ranges: readonly { readonly start: number; readonly end: number }[]): string {
  const shown = ranges.slice(0, 8).map(({ start, end }) => (start === end ? `${start}` : `${start}–${end}`));
  const more = ranges.length > shown.length ? ` and ${ranges.length - shown.length} more places` : "";
  return `${ranges.length === 1 && ranges[0]?.start === ranges[0]?.end ? "line" : "lines"} ${shown.join(", ")}${more}`;
}

function refused(reason: string): WritePlan {
  return { kind: "refused", reason };
}

function failed(reason: string): Written {
  return { kind: "failed", reason };
}
