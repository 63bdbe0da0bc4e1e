/** Reading and replacing files that are open with unsaved changes. */
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { hashOf } from "../../src/base/content-hash.ts";
import { DocumentFileSystem } from "../../src/host/files/document-file-system.ts";
import { NodeFileSystem } from "../../src/node/files/node-file-system.ts";
import { createRipgrepSearch } from "../../src/node/search/ripgrep-search.ts";
import { workspaceFolder } from "./support/extension.ts";

describe("files with unsaved changes", () => {
  const files = new DocumentFileSystem(new NodeFileSystem());
  let folder: string;
  let counter = 0;

  before(async () => {
    folder = join(workspaceFolder(), "documents");
    await mkdir(folder, { recursive: true });
  });
  afterEach(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });

  /** A file with this content whose document has `typed` in front of it, unsaved. */
  async function dirty(
    content: string | Uint8Array,
    typed = "typed ",
  ): Promise<{ path: string; document: vscode.TextDocument }> {
    counter += 1;
    const path = join(folder, `file-${counter}.txt`);
    await writeFile(path, content);
    const document = await vscode.workspace.openTextDocument(path);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), typed);
    assert.ok(await vscode.workspace.applyEdit(edit));
    assert.ok(document.isDirty);
    return { path, document };
  }

  const textOf = async (path: string) => Buffer.from((await files.read(path)) ?? []).toString("utf8");

  it("are read as the person sees them", async () => {
    const { path } = await dirty("disk\n");
    assert.equal(await textOf(path), "typed disk\n");
    assert.equal(await readFile(path, "utf8"), "disk\n");
    assert.equal((await files.stat(path))?.sizeBytes, "typed disk\n".length);
  });

  it("are no hindrance for other files when one of them lies where no file can be any more", async () => {
    const gone = join(folder, "gone");
    await mkdir(gone);
    await writeFile(join(gone, "file.txt"), "disk\n");
    const document = await vscode.workspace.openTextDocument(join(gone, "file.txt"));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), "typed ");
    assert.ok(await vscode.workspace.applyEdit(edit));
    await rm(gone, { recursive: true });
    await writeFile(gone, "a file\n");
    const { path } = await dirty("disk\n");
    assert.equal(await textOf(path), "typed disk\n");
    assert.equal(
      (await files.replace(path, Buffer.from("new\n"), hashOf(Buffer.from("typed disk\n")))).kind,
      "replaced",
    );
    assert.equal(await textOf(gone), "a file\n");
  });

  it("are told with what a save would write, and are found by that", async () => {
    const { path } = await dirty("\uFEFFdisk\r\n");
    const told = (await files.unsaved()).find((file) => file.path === path) ?? assert.fail();
    assert.equal(Buffer.from(told.bytes).toString("utf8"), "\uFEFFtyped disk\r\n");
    const request = { paths: [path], include: [], unsaved: await files.unsaved(), maxResults: 5 };
    const signal = AbortSignal.timeout(10_000);
    const found = await createRipgrepSearch().find({ ...request, pattern: "^typed disk$", signal });
    assert(found.kind === "found", JSON.stringify(found));
    assert.deepEqual(found.matches, [{ path, line: 1, text: "typed disk" }]);
  });

  it("have a version of their own for each state of the document", async () => {
    const { path, document } = await dirty("disk\n");
    const settled = () => new Promise((resolve) => setTimeout(resolve, 100));
    const type = async (text: string) => {
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, new vscode.Position(0, 0), text);
      assert.ok(await vscode.workspace.applyEdit(edit));
    };
    await settled();
    const versions = [(await files.readVersioned(path))?.version ?? assert.fail()];
    assert.deepEqual(await files.versions([path]), versions);
    await type("more ");
    const content = (await files.readVersioned(path)) ?? assert.fail();
    assert.equal(Buffer.from(content.bytes).toString("utf8"), "more typed disk\n");
    versions.push(content.version ?? assert.fail());
    assert.ok(await document.save());
    await settled();
    versions.push((await files.versions([path]))[0] ?? assert.fail());
    await type("again ");
    versions.push((await files.versions([path]))[0] ?? assert.fail());
    const told = new Set(versions.map((version) => JSON.stringify(version)));
    assert.equal(told.size, 4);
  });

  it("keep their line endings and byte order mark", async () => {
    const { path } = await dirty("\ufeffa\r\nb\r\n");
    const bytes = Buffer.from((await files.read(path)) ?? []);
    assert.equal(bytes.toString("utf8"), "\ufefftyped a\r\nb\r\n");
  });

  it("are replaced through their document and saved", async () => {
    const { path, document } = await dirty("one\ntwo\nthree\n");
    const seen = (await files.read(path)) ?? assert.fail();
    const wanted = Buffer.from("typed one\n2\nthree\n");
    assert.deepEqual(await files.replace(path, wanted, hashOf(seen)), { kind: "replaced" });
    assert.equal(document.getText(), wanted.toString());
    assert.equal(document.isDirty, false);
    assert.equal(await readFile(path, "utf8"), wanted.toString());
    assert.equal(vscode.window.visibleTextEditors.length, 0, "no editor may be opened");
  });

  it("keep CRLF and the mark through a replacement", async () => {
    const { path } = await dirty("\ufeffa\r\nb\r\n", "x");
    const seen = (await files.read(path)) ?? assert.fail();
    const wanted = Buffer.from("\ufeffxa\r\nB\r\nc\r\n");
    assert.deepEqual(await files.replace(path, wanted, hashOf(seen)), { kind: "replaced" });
    assert.deepEqual(await readFile(path), wanted);
  });

  it("are left alone when they are not what was read", async () => {
    const { path, document } = await dirty("disk\n");
    const result = await files.replace(path, Buffer.from("mine\n"), hashOf(Buffer.from("disk\n")));
    assert.deepEqual(result, { kind: "changed" });
    assert.equal(document.getText(), "typed disk\n");
    assert.equal(await readFile(path, "utf8"), "disk\n");
    assert.deepEqual(await files.replace(path, Buffer.from("mine\n"), null), { kind: "changed" });
  });

  it("a file that is open without changes is written on the disk and reloaded", async () => {
    const path = join(folder, "clean.txt");
    await writeFile(path, "old\n");
    const document = await vscode.workspace.openTextDocument(path);
    const changed = new Promise<void>((resolve) => {
      const subscription = vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document !== document) return;
        subscription.dispose();
        resolve();
      });
    });
    await files.replace(path, Buffer.from("new\n"), hashOf(Buffer.from("old\n")));
    assert.equal(await readFile(path, "utf8"), "new\n");
    await changed;
    assert.equal(document.getText(), "new\n");
  });
});
