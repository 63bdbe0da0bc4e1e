import assert from "node:assert/strict";
import { mkdir, truncate } from "node:fs/promises";
import { asNobody } from "../../support/as-nobody.ts";
import { symlinkTo } from "../../support/temp-workspace.ts";
import { type Toolbox, toolbox, toolContext } from "../../support/toolbox.ts";

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

describe("read_file", () => {
  let box: Toolbox;
  before(async () => {
    box = await toolbox({
      tree: {
        "a.ts": "one\ntwo\nthree\n",
        "crlf.txt": "\uFEFFa\r\nb",
        "empty.txt": "",
        "many.txt": Array.from({ length: 100_000 }, (_, i) => `line ${i + 1}`).join("\n"),
        "wide.js": `x\n${"y".repeat(5_000_000)}\nz\n`,
        "tool.bin": Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]),
        "utf16.txt": Uint8Array.from([0xff, 0xfe, 0x61, 0x00]),
        "latin1.txt": Uint8Array.from([0x63, 0x61, 0x66, 0xe9, 0x0a]),
        "pixel.png": PNG,
        "out.txt": symlinkTo("/etc/hostname"),
        "folder/": "",
      },
    });
  });
  after(() => box[Symbol.asyncDispose]());
  const read = (path: string, range: { start_line?: unknown; end_line?: unknown } = {}) =>
    box.call("read_file", { path, ...range });

  it("numbers the lines and says how many there are", async () => {
    const result = await read("a.ts");
    assert(result.status === "done" && result.display?.kind === "read");
    assert.equal(
      result.output,
      "[read_file] a.ts · lines 1–3 of 3\n    1 | one\n    2 | two\n    3 | three\n[END OF FILE]",
    );
    const { startLine, endLine, totalLines, hash } = result.display;
    assert.deepEqual([startLine, endLine, totalLines, hash.length], [1, 3, 3, 64]);
    assert.equal(box.ledger.hashOf(box.workspace.path("a.ts")), hash);
  });

  it("reads a range and tells where to go on", async () => {
    const { output } = await read("a.ts", { start_line: 2, end_line: 2 });
    assert.equal(output, "[read_file] a.ts · lines 2–2 of 3\n    2 | two\n[1 more line: start_line=3 goes on]");
    assert.match((await read("a.ts", { start_line: 3, end_line: 99 })).output, /lines 3–3 of 3/);
  });

  it("tells what the lines do not show: line endings, byte order mark, missing final newline", async () => {
    const { output } = await read("crlf.txt");
    assert.match(output, /· byte order mark · CRLF · lines 1–2 of 2/);
    assert.match(output, /\[END OF FILE, no newline after the last line\]$/);
    assert.match((await read("empty.txt")).output, /empty file/);
  });

  it("bounds what it gives of 100,000 lines and of a line of 5 MB", async () => {
    const many = await read("many.txt");
    assert.match(many.output, /lines 1–2000 of 100000/);
    assert.match(many.output, /\[98000 more lines: start_line=2001 goes on\]$/);
    assert.match(
      (await read("many.txt", { start_line: 99_999 })).output,
      / 99999 \| line 99999\n100000 \| line 100000/,
    );
    const wide = await read("wide.js");
    assert(wide.output.length < 3_000);
    assert.match(wide.output, /… \[4998000 more characters\]\n {4}3 \| z/);
    assert.match(wide.output, /`sed -n '2p' wide.js \| cut -c 2001-4000`/);
  });

  it("names cause and next step for every refusal", async () => {
    const cases: [Promise<{ status: string; output: string }>, RegExp][] = [
      [read("none.ts"), /\[read_file\] ERROR: There is no file none.ts.*find/],
      [read("folder"), /is a folder.*Give the path of a file/],
      [read("a.ts", { start_line: 4 }), /beyond the end: a.ts has only 3 lines/],
      [read("a.ts", { start_line: 3, end_line: 2 }), /end_line 2 is before start_line 3/],
      [read("a.ts", { start_line: 0 }), />=1/],
      [read("a.ts", { start_line: 1.5 }), /must be a whole number/],
      [read("a.ts", { end_line: "x" }), /expected number/],
      [read("tool.bin"), /not text \(ELF program or library, 6 bytes\).*execute with `file tool.bin`/],
      [read("utf16.txt"), /UTF-16 text.*iconv/],
      [read("a\0b"), /NUL/],
    ];
    for (const [call, pattern] of cases) {
      const { status, output } = await call;
      assert.equal(status, "failed");
      assert.match(output, pattern);
    }
  });

  it("shows text in another encoding as well as it can", async () => {
    assert.match((await read("latin1.txt")).output, /not valid UTF-8.*\n {4}1 \| caf\uFFFD/);
  });

  it("does not even load a file of 100 MB", async () => {
    await box.workspace.write("huge.log", "");
    await truncate(box.workspace.path("huge.log"), 100_000_000);
    const { status, output } = await read("huge.log");
    assert.equal(status, "failed");
    assert.match(output, /huge.log has 100.0 MB; files up to 20 MB.*sed -n '1,200p' huge.log/);
  });

  it("gives an image to the model", async () => {
    const result = await read("pixel.png");
    assert(result.status === "done");
    assert.deepEqual(result.images, [{ mediaType: "image/png", data: Buffer.from(PNG).toString("base64") }]);
  });

  it("asks for the very path that a symlink leads to", async () => {
    const call = await box.plan("read_file", { path: "out.txt" });
    assert.deepEqual(call.access, { kind: "read", path: "/etc/hostname", insideWorkspace: false });
    assert.deepEqual(call.recovery, { kind: "repeat" });
  });

  it("does not follow a path that was pointed elsewhere after it was allowed", async () => {
    const { rm, symlink } = await import("node:fs/promises");
    await mkdir(box.workspace.path("swap"));
    await box.workspace.write("swap/f.txt", "fine");
    const call = await box.plan("read_file", { path: "swap/f.txt" });
    await rm(box.workspace.path("swap"), { recursive: true });
    await symlink("/etc", box.workspace.path("swap"));
    const result = await call.run(toolContext());
    assert.equal(result.status, "failed");
    assert.match(result.output, /leads elsewhere/);
  });

  it("says so when it may not read", async () => {
    const { chmod } = await import("node:fs/promises");
    await box.workspace.write("private.txt", "x");
    await chmod(box.workspace.path("private.txt"), 0o600);
    await chmod(box.workspace.root, 0o755);
    const source = (name: string) => JSON.stringify(new URL(`../../../src/${name}`, import.meta.url).href);
    const output = await asNobody(`
      const { NodeFileSystem } = await import(${source("node/files/node-file-system.ts")});
      const { readForModel } = await import(${source("workspace/read-file.ts")});
      const path = ${JSON.stringify(box.workspace.path("private.txt"))};
      const target = { kind: "resolved", path, insideWorkspace: true, shown: "private.txt" };
      const read = await readForModel(new NodeFileSystem(), target, { startLine: 1, endLine: null });
      console.log(read.output);
    `);
    assert.match(output, process.getuid?.() === 0 ? /No permission to read private.txt/ : /lines 1–1 of 1/);
  });
});
