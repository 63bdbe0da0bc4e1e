/**
 * The disk with the editor's unsaved documents over it. What the person sees is what is read, and a replacement of
 * such a file goes through its document, where undo knows it. A file that is not open, or open without changes, is
 * the disk's business (VS Code reloads it). No editor is ever opened.
 */
import * as vscode from "vscode";
import { hashOf } from "../../base/content-hash.ts";
import type {
  FileStat,
  FileSystem,
  FileVersion,
  ReplaceResult,
  UnsavedFile,
  VersionedContent,
} from "../../ports/file-system.ts";

export class DocumentFileSystem implements FileSystem {
  readonly #disk: FileSystem;
  /** A closed document's numbers start anew when its file is opened again, so each gets a name of its own. */
  readonly #names = new WeakMap<vscode.TextDocument, number>();
  #named = 0;

  constructor(disk: FileSystem) {
    this.#disk = disk;
  }

  async stat(path: string): Promise<FileStat | null> {
    const [stat, document] = await Promise.all([this.#disk.stat(path), this.#unsaved(path)]);
    if (!document || stat?.kind !== "file") return stat;
    return { ...stat, sizeBytes: (await bytesOf(document)).length };
  }

  async read(path: string, maxBytes?: number): Promise<Uint8Array | null> {
    const document = await this.#unsaved(path);
    // Deleted on disk while it is open with changes: the file is gone, whatever its editor still shows.
    if (!document || (await this.#disk.stat(path)) === null) return this.#disk.read(path, maxBytes);
    return bytesOf(document);
  }

  async readVersioned(path: string, maxBytes?: number): Promise<VersionedContent | null> {
    const document = await this.#unsaved(path);
    if (!document) return this.#disk.readVersioned(path, maxBytes);
    const name = this.#nameOf(document);
    const [bytes, [version]] = await Promise.all([bytesOf(document), this.#disk.versions([path])]);
    if (!version && (await this.#disk.stat(path)) === null) return this.#disk.readVersioned(path, maxBytes);
    return { bytes, version: version ? { ...version, document: name } : null };
  }

  async versions(paths: readonly string[]): Promise<readonly (FileVersion | null)[]> {
    const documents = unsavedDocuments();
    if (documents.length === 0) return this.#disk.versions(paths);
    const versions = await this.#disk.versions(paths);
    const names = new Map<string, string>();
    for (const document of documents) {
      names.set(await this.#realPathOf(document), this.#nameOf(document));
    }
    return versions.map((version, index) => {
      const name = names.get(paths[index] ?? "");
      return version && name !== undefined ? { ...version, document: name } : version;
    });
  }

  realPath(path: string): Promise<string> {
    return this.#disk.realPath(path);
  }

  list(path: string): Promise<string[]> {
    return this.#disk.list(path);
  }

  async unsaved(): Promise<readonly UnsavedFile[]> {
    const files = unsavedDocuments().map(async (document) => {
      const path = await this.#realPathOf(document);
      const onDisk = await this.#disk.stat(path).catch(() => null);
      return onDisk && { path, bytes: await bytesOf(document) };
    });
    return (await Promise.all(files)).filter((file) => file !== null);
  }

  async replace(path: string, bytes: Uint8Array, expectedHash: string | null): Promise<ReplaceResult> {
    const document = await this.#unsaved(path);
    if (!document || (await this.#disk.stat(path)) === null) return this.#disk.replace(path, bytes, expectedHash);
    return replaceInDocument(document, bytes, expectedHash);
  }

  async #unsaved(path: string): Promise<vscode.TextDocument | undefined> {
    for (const document of unsavedDocuments()) {
      if (document.uri.fsPath === path || (await this.#realPathOf(document)) === path) return document;
    }
    return undefined;
  }

  /** Its own path where nothing can be any more, such as below what is a file by now: other files are none the worse. */
  #realPathOf({ uri }: vscode.TextDocument): Promise<string> {
    return this.#disk.realPath(uri.fsPath).catch(() => uri.fsPath);
  }

  /** Of the document as it is at this moment. */
  #nameOf(document: vscode.TextDocument): string {
    let name = this.#names.get(document);
    if (name === undefined) {
      this.#named += 1;
      name = this.#named;
      this.#names.set(document, name);
    }
    return `${name}.${document.version}`;
  }
}

function unsavedDocuments(): vscode.TextDocument[] {
  return vscode.workspace.textDocuments.filter(
    (document) => document.isDirty && !document.isClosed && document.uri.scheme === "file",
  );
}

/** What a save would write: the document's encoding, line endings and byte order mark. */
function bytesOf(document: vscode.TextDocument): Promise<Uint8Array> {
  return Promise.resolve(vscode.workspace.encode(document.getText(), { encoding: document.encoding }));
}

async function replaceInDocument(
  document: vscode.TextDocument,
  bytes: Uint8Array,
  expectedHash: string | null,
): Promise<ReplaceResult> {
  const { version } = document;
  if (expectedHash === null || hashOf(await bytesOf(document)) !== expectedHash) return { kind: "changed" };
  const before = document.getText();
  const after = await vscode.workspace.decode(bytes, { encoding: document.encoding });
  if (document.version !== version) return { kind: "changed" };
  if (!(await applyChange(document, before, after))) return { kind: "changed" };
  if (await document.save()) return { kind: "replaced" };
  // Somebody changed the file on disk behind the editor; what the person has in the editor is put back.
  await applyChange(document, document.getText(), before);
  return { kind: "changed" };
}

/** Replaces only what differs, so that cursors, folds and markers elsewhere stay where they are. */
async function applyChange(document: vscode.TextDocument, before: string, after: string): Promise<boolean> {
  if (before === after) return true;
  const { start, endBefore, endAfter } = changedPart(before, after);
  const edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(start), document.positionAt(endBefore));
  edit.replace(document.uri, range, after.slice(start, endAfter));
  const lineEnding = lineEndingOf(after);
  if (lineEnding !== undefined && lineEnding !== document.eol) {
    edit.set(document.uri, [
      vscode.TextEdit.replace(range, after.slice(start, endAfter)),
      vscode.TextEdit.setEndOfLine(lineEnding),
    ]);
  }
  return vscode.workspace.applyEdit(edit);
}

/** Of a text that uses one kind only. */
function lineEndingOf(text: string): vscode.EndOfLine | undefined {
  const all = text.split("\n").length - 1;
  const windows = text.split("\r\n").length - 1;
  if (all === 0 || (windows !== 0 && windows !== all)) return undefined;
  return windows === 0 ? vscode.EndOfLine.LF : vscode.EndOfLine.CRLF;
}

/** Never ends between the two halves of a surrogate pair or of CRLF, where a document has no position. */
function changedPart(before: string, after: string) {
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < shortest - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  while (start > 0 && isSplit(before, start)) start -= 1;
  while (tail > 0 && (isSplit(before, before.length - tail) || isSplit(after, after.length - tail))) tail -= 1;
  return { start, endBefore: before.length - tail, endAfter: after.length - tail };
}

function isSplit(text: string, at: number): boolean {
  const left = text.charCodeAt(at - 1);
  const right = text.charCodeAt(at);
  return (left >= 0xd800 && left < 0xdc00 && right >= 0xdc00 && right < 0xe000) || (left === 13 && right === 10);
}
