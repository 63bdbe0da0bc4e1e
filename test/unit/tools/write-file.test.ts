import assert from "node:assert/strict";
import { rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashOf } from "../../../src/base/content-hash.ts";
import { NodeFileSystem } from "../../../src/node/files/node-file-system.ts";
import { openTestSession } from "../../support/session-harness.ts";
import { symlinkTo } from "../../support/temp-workspace.ts";
import { type Toolbox, toolbox, toolContext } from "../../support/toolbox.ts";

describe("write_file", () => {
  let box: Toolbox;
  beforeEach(async () => {
    box = await toolbox({
      tree: {
        "a.ts": "1\n2\n3\n4\n5\n",
        "dos.txt": "\uFEFFone\r\ntwo\r\nthree",
        "bin.dat": Uint8Array.from([0, 1, 2]),
        "latin1.txt": Uint8Array.from([0xe9, 0x0a]),
        "way-out": symlinkTo(".."),
        "folder/": "",
      },
    });
  });
  afterEach(() => box[Symbol.asyncDispose]());

  const write = (input: Record<string, unknown>) => box.call("write_file", { path: "a.ts", ...input });
  const read = (path = "a.ts") => box.call("read_file", { path });
  const content = (name = "a.ts") => box.workspace.read(name);

  async function refused(input: Record<string, unknown>, pattern: RegExp) {
    const before = await box.workspace.bytes("a.ts");
    const result = await write(input);
    assert.equal(result.status, "failed", result.output);
    assert.match(result.output, pattern);
    assert.match(result.output, /No file was changed\.$/);
    assert.deepEqual(await box.workspace.bytes("a.ts"), before);
  }

  it("creates a file with its folders", async () => {
    const call = await box.plan("write_file", { path: "new/deep/x.ts", content: "a\nb\n" });
    assert.deepEqual(await box.workspace.names(), ["a.ts", "bin.dat", "dos.txt", "folder", "latin1.txt", "way-out"]);
    assert(call.access.kind === "write");
    assert.deepEqual([call.access.change, call.access.unread, call.access.addedLines], ["create", false, 2]);
    assert.deepEqual(call.beforeImages, []);
    const result = await call.run(toolContext());
    assert.equal(result.output, "[write_file] new/deep/x.ts: created, 2 lines.");
    assert.equal(await content("new/deep/x.ts"), "a\nb\n");
    // What was just written need not be read before it is edited.
    const edit = { path: "new/deep/x.ts", mode: "edit", start_line: 1, end_line: 1, content: "A" };
    assert.equal((await box.call("write_file", edit)).status, "done");
  });

  it("plans an edit with its diff, hashes and before-image, and touches nothing until it runs", async () => {
    await read();
    const before = await box.workspace.bytes("a.ts");
    const input = { path: "a.ts", mode: "edit", start_line: 2, end_line: 3, content: "two" };
    const call = await box.plan("write_file", input);
    assert.deepEqual(await box.workspace.bytes("a.ts"), before);
    const afterHash = hashOf(new TextEncoder().encode("1\ntwo\n4\n5\n"));
    assert.deepEqual(call.access, {
      kind: "write",
      path: box.workspace.path("a.ts"),
      insideWorkspace: true,
      unread: false,
      change: "modify",
      diff: "--- a/a.ts\n+++ b/a.ts\n@@ -1,5 +1,4 @@\n 1\n-2\n-3\n+two\n 4\n 5\n",
      addedLines: 1,
      removedLines: 2,
    });
    const beforeHash = hashOf(before);
    assert.deepEqual(call.recovery, { kind: "edit", path: box.workspace.path("a.ts"), beforeHash, afterHash });
    assert.deepEqual(
      call.beforeImages?.map((image) => Buffer.from(image).toString()),
      ["1\n2\n3\n4\n5\n"],
    );
    const result = await call.run(toolContext());
    assert(result.status === "done" && result.display?.kind === "edit");
    assert.deepEqual(result.changes, [result.display.change]);
    assert.match(
      result.output,
      /lines 2–3 replaced by 1 line \(now line 2\)\. The file now has 4 lines\. Old line 4 is now line 3/,
    );
    assert.equal(await content(), "1\ntwo\n4\n5\n");
  });

  it("inserts, appends and edits several ranges", async () => {
    await read();
    assert.match((await write({ mode: "insert", after_line: 0, content: "0" })).output, /1 line inserted after line 0/);
    assert.equal((await write({ mode: "a", content: "6" })).status, "done");
    assert.equal(await content(), "0\n1\n2\n3\n4\n5\n6\n");
    box.fileWatch.resultsSeen();
    const edits = [
      { start_line: 6, end_line: 7, content: "five\nsix\n" },
      { start_line: 1, end_line: 2, content: "" },
    ];
    assert.equal((await write({ mode: "multi_edit", edits })).status, "done");
    assert.equal(await content(), "2\n3\n4\nfive\nsix\n");
  });

  it("keeps byte order mark, CRLF and the missing final newline", async () => {
    await read("dos.txt");
    const edit = { path: "dos.txt", mode: "edit", start_line: 2, end_line: 3, content: "2\n3\n" };
    assert.equal((await box.call("write_file", edit)).status, "done");
    assert.equal(await content("dos.txt"), "\uFEFFone\r\n2\r\n3");
    const whole = await box.call("write_file", { path: "dos.txt", content: "x\ny\n" });
    assert.match(whole.output, /Kept CRLF line endings and the byte order mark of the old file/);
    assert.equal(await content("dos.txt"), "\uFEFFx\r\ny\r\n");
  });

  it("takes no line edit of a file that was not read", async () => {
    await refused(
      { mode: "edit", start_line: 1, end_line: 1, content: "x" },
      /not read in this session\. Call read_file first/,
    );
    await refused(
      { path: "none.ts", mode: "insert", after_line: 0, content: "x" },
      /no file none\.ts.*Mode "w" creates it/,
    );
  });

  it("takes no line edit of a file that changed since it was read, and says where", async () => {
    await read();
    await box.workspace.write("a.ts", "1\n2\nthree\n4\n5\n");
    await refused(
      { mode: "edit", start_line: 1, end_line: 1, content: "x" },
      /changed since you read it at line 3 \(as numbered now\)\. Call read_file again/,
    );
    await read();
    assert.equal((await write({ mode: "edit", start_line: 1, end_line: 1, content: "x" })).status, "done");
  });

  it("marks the overwriting of what the model has not seen", async () => {
    const unread = async () => {
      const { access } = await box.plan("write_file", { path: "a.ts", content: "x\n" });
      return access.kind === "write" && access.unread;
    };
    assert.equal(await unread(), true);
    await read();
    assert.equal(await unread(), false);
    await box.workspace.write("a.ts", "someone else\n");
    assert.equal(await unread(), true);
  });

  it("does not count an appended file as read", async () => {
    assert.equal((await write({ mode: "a", content: "6\n" })).status, "done");
    await refused({ mode: "edit", start_line: 1, end_line: 1, content: "x" }, /not read in this session/);
  });

  it("writes nothing when the file changed between plan and run", async () => {
    await read();
    const edit = await box.plan("write_file", { path: "a.ts", mode: "edit", start_line: 1, end_line: 1, content: "x" });
    const create = await box.plan("write_file", { path: "fresh.ts", content: "x" });
    await box.workspace.write("a.ts", "someone else\n");
    await box.workspace.write("fresh.ts", "someone else\n");
    for (const call of [edit, create]) {
      const result = await call.run(toolContext());
      assert.equal(result.status, "failed");
      assert.match(result.output, /changed meanwhile by someone else\. Call read_file.*Nothing was written/);
    }
    assert.equal(await content(), "someone else\n");
    assert.equal(await content("fresh.ts"), "someone else\n");
  });

  it("does not follow a folder that was swapped for a symlink after it was allowed", async () => {
    const call = await box.plan("write_file", { path: "folder/x.txt", content: "x" });
    await rm(box.workspace.path("folder"), { recursive: true });
    await symlink("/tmp", box.workspace.path("folder"));
    const result = await call.run(toolContext());
    assert.equal(result.status, "failed");
    assert.match(result.output, /leads elsewhere by now.*Nothing was written/);
  });

  it("judges the path behind symlinks and ..", async () => {
    const access = async (path: string) => (await box.plan("write_file", { path, content: "x" })).access;
    for (const path of ["way-out/codepilot-test-never.txt", "../codepilot-test-never.txt"]) {
      const seen = await access(path);
      assert(seen.kind === "write");
      assert.deepEqual(
        [seen.path, seen.insideWorkspace],
        [join(dirname(box.workspace.root), "codepilot-test-never.txt"), false],
      );
    }
  });

  it("refuses arguments of another mode instead of ignoring them", async () => {
    await refused(
      { content: "x", start_line: 2, end_line: 3 },
      /mode "w" does not take start_line and end_line\. Use mode "edit"/,
    );
    await refused({ mode: "edit", content: "x", after_line: 1 }, /mode "edit" does not take after_line/);
    await refused({ mode: "multi_edit", content: "x" }, /mode "multi_edit" does not take content/);
    await refused({}, /mode "w" needs content/);
    await refused({ mode: "edit", content: "x" }, /mode "edit" needs start_line and end_line/);
    await refused({ mode: "insert", after_line: 1, content: "" }, /content is empty/);
    await refused({ mode: "multi_edit", edits: [] }, /edits is empty/);
    await refused({ content: "a\0b" }, /not text/);
  });

  it("refuses an unknown mode and unknown arguments by the schema", async () => {
    const invalid = async (input: Record<string, unknown>) => {
      const result = box.tool("write_file").input.safeParse({ path: "a.ts", ...input });
      return result.success ? "" : result.error.message;
    };
    assert.match(await invalid({ mode: "multi-edit" }), /multi_edit/);
    assert.match(await invalid({ content: "x", payload: "y" }), /payload/);
    const nulls = { path: "a.ts", mode: "a", content: "x", start_line: null, edits: null };
    assert(box.tool("write_file").input.safeParse(nulls).success, "null is left out");
  });

  it("refuses lines that are not there and ranges that overlap", async () => {
    await read();
    await refused(
      { mode: "edit", start_line: 5, end_line: 6, content: "x" },
      /beyond the end: the file has 5 lines.*read_file/,
    );
    await refused({ mode: "insert", after_line: 6, content: "x" }, /after_line 6 is beyond the end/);
    const edits = [
      { start_line: 1, end_line: 3, content: "x" },
      { start_line: 3, end_line: 4, content: "y" },
    ];
    await refused({ mode: "multi_edit", edits }, /lines 1–3 and 3–4 overlap/);
  });

  it("refuses folders, and lines of what is not text", async () => {
    await refused({ path: "folder", content: "x" }, /is a folder/);
    await refused({ path: "new/", content: "x" }, /is a folder/);
    await read("latin1.txt");
    await refused({ path: "latin1.txt", mode: "edit", start_line: 1, end_line: 1, content: "x" }, /not UTF-8/);
    await refused({ path: "bin.dat", mode: "a", content: "x" }, /binary or not UTF-8/);
  });

  it("overwrites a binary file only with that said in the diff", async () => {
    const call = await box.plan("write_file", { path: "bin.dat", content: "text\n" });
    assert(call.access.kind === "write" && call.access.unread);
    assert.match(call.access.diff, /old content is not UTF-8 text \(3 bytes\)[\s\S]*\+text/);
    assert.equal((await call.run(toolContext())).status, "done");
  });

  it("does nothing when there is nothing to change", async () => {
    const call = await box.plan("write_file", { path: "a.ts", content: "1\n2\n3\n4\n5\n" });
    assert.deepEqual(call.access, { kind: "none" });
    assert.match((await call.run(toolContext())).output, /already has exactly this content; nothing was written/);
  });

  it("words what the disk refuses, with the old file intact", async () => {
    class Failing extends NodeFileSystem {
      code = "";
      override async replace(): Promise<never> {
        throw Object.assign(new Error(this.code), { code: this.code });
      }
    }
    const files = new Failing();
    await using failing = await toolbox({ tree: { "a.ts": "old" }, files });
    const expected = { ENOSPC: /no space left/, EACCES: /read-only for this process/, EROFS: /read-only file system/ };
    for (const [code, pattern] of Object.entries(expected)) {
      files.code = code;
      const result = await failing.call("write_file", { path: "a.ts", content: "new" });
      assert.equal(result.status, "failed");
      assert.match(result.output, pattern);
      assert.match(result.output, /Nothing was written\.$/);
    }
  });

  it("refuses a read-only file before anyone is asked", async () => {
    class ReadOnly extends NodeFileSystem {
      override async stat(path: string) {
        const stat = await super.stat(path);
        return stat && { ...stat, writable: false };
      }
    }
    await using guarded = await toolbox({ tree: { "a.ts": "old" }, files: new ReadOnly() });
    const result = await guarded.call("write_file", { path: "a.ts", content: "new" });
    assert.match(result.output, /read-only for this process.*No file was changed/);
  });

  it("takes several edits of one reply where no line has moved, and from the bottom up", async () => {
    await read();
    await write({ mode: "edit", start_line: 4, end_line: 4, content: "four" });
    await write({ mode: "edit", start_line: 5, end_line: 5, content: "5a\n5b" });
    await write({ mode: "insert", after_line: 2, content: "2b" });
    assert.equal((await write({ mode: "edit", start_line: 1, end_line: 1, content: "one" })).status, "done");
    assert.equal(await content(), "one\n2\n2b\n3\nfour\n5a\n5b\n");
  });

  it("takes no edit of lines that an earlier call of the same reply has moved", async () => {
    await read();
    await write({ mode: "edit", start_line: 3, end_line: 3, content: "3a\n3b" });
    const moved =
      /has changed a\.ts at line 3 and moved the lines below.*in your next reply, by those numbers.*multi_edit/;
    await refused({ mode: "edit", start_line: 4, end_line: 4, content: "x" }, moved);
    await refused({ mode: "insert", after_line: 5, content: "x" }, moved);
    const edits = [
      { start_line: 1, end_line: 1, content: "x" },
      { start_line: 5, end_line: 5, content: "y" },
    ];
    await refused({ mode: "multi_edit", edits }, moved);
    assert.equal((await write({ mode: "insert", after_line: 0, content: "0" })).status, "done");
    await refused({ mode: "edit", start_line: 1, end_line: 1, content: "x" }, /has changed a\.ts at line 1/);
    box.fileWatch.resultsSeen();
    assert.equal((await write({ mode: "edit", start_line: 6, end_line: 6, content: "four" })).status, "done");
    assert.equal(await content(), "0\n1\n2\n3a\n3b\nfour\n5\n");
  });

  it("takes it in the next reply, which has seen where lines are now", async () => {
    const edit = (line: number, text: string) => ({
      name: "write_file",
      arguments: { path: "a.ts", mode: "edit", start_line: line, end_line: line, content: text },
    });
    const t = openTestSession({
      approver: { kind: "allow-all" },
      tools: box.tools,
      fileWatch: box.fileWatch,
      script: [
        { calls: [{ name: "read_file", arguments: { path: "a.ts" } }] },
        { calls: [edit(1, "1a\n1b"), edit(3, "three")] },
        { calls: [edit(4, "three")] },
        { text: "done" },
      ],
    });
    await t.run("go");
    const outcomes = t.events.flatMap((event) => (event.type === "tool.finished" ? [event.outcome.status] : []));
    assert.deepEqual(outcomes, ["done", "done", "failed", "done"]);
    assert.equal(await content(), "1a\n1b\n2\nthree\n4\n5\n");
  });

  it("knows the lines of what it has written or read as a whole, or only added to", async () => {
    const edit = { mode: "edit", start_line: 2, end_line: 2, content: "x" };
    await write({ content: "a\nb\n" });
    await write({ mode: "a", content: "c\n" });
    assert.equal((await write(edit)).status, "done");
    await write({ mode: "insert", after_line: 0, content: "0" });
    await read();
    assert.equal((await write(edit)).status, "done");
    assert.equal(await content(), "0\nx\nx\nc\n");
  });
});
