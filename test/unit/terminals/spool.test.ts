import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { temporaryPrivateFolder } from "../../../src/node/pty/private-folder.ts";
import { spoolFiles } from "../../../src/node/pty/spool-files.ts";
import { CommandOutput } from "../../../src/terminals/command-output.ts";
import { LineWindow } from "../../../src/terminals/line-window.ts";
import { defaultSpoolLimits, Spool, type SpoolFiles, type SpoolLimits } from "../../../src/terminals/spool.ts";
import { SpoolShelf } from "../../../src/terminals/spool-shelf.ts";
import { asNobody } from "../../support/as-nobody.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually } from "../../support/terminals.ts";

const run = promisify(execFile);
const noSignal = new AbortController().signal;
const tiny: SpoolLimits = {
  sessionBytes: 1_000_000,
  commandBytes: 1_000_000,
  segmentBytes: 256,
  blockBytes: 64,
  queueBytes: 1_000_000,
};

/** Lines as an editor counts them: what follows the last line end is one only when there is something. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function numbered(pieces: readonly { fromLine: number; toLine: number; text: string }[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const { fromLine, toLine, text } of pieces) {
    const lines = text.split("\n");
    assert.equal(lines.length, toLine - fromLine + 1);
    for (const [index, line] of lines.entries()) found.set(fromLine + index, line);
  }
  return found;
}

async function readSpool(spool: Spool, fromLine: number, lineCount: number, maxChars = 1e9) {
  const window = new LineWindow({ fromLine, lineCount, maxChars });
  const { end } = spool;
  assert.equal(await spool.read(fromLine, end, window, noSignal), true);
  window.finish(end.bytes);
  return window;
}

describe("the spool of a command", function () {
  this.timeout(120_000);
  let parent: string;
  let files: SpoolFiles;
  let close: () => Promise<void>;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "codepilot-spool-test-"));
    const folder = temporaryPrivateFolder(parent);
    files = spoolFiles(folder);
    close = () => folder.remove();
  });
  afterEach(async () => {
    await close();
    await removeFolder(parent);
  });

  const piece = fc.oneof(
    fc.constantFrom("\n", "\n\n", "a\n", "é", "漢字\n", "🙂", "e\u0301", "\ud83d", "\ude42", "\ufeff", "last"),
    fc.string({ maxLength: 30 }),
    fc.nat(300).map((length) => "x".repeat(length)),
  );

  it("gives every range as a naive model does, whenever it is asked and however the text came", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: piece, ask: fc.option(fc.tuple(fc.nat(80), fc.nat(40)), { freq: 4 }) })),
        async (steps) => {
          const spool = new Spool(files, tiny, () => {});
          let text = "";
          const check = async (from: number, count: number, whole: string) => {
            const window = await readSpool(spool, from, count);
            const expected = linesOf(whole.toWellFormed()).slice(from - 1, from - 1 + count);
            assert.deepEqual([...numbered(window.lines).values()], expected);
            if (expected.length > 0) assert.equal(window.lines[0]?.fromLine, from);
          };
          for (const { text: more, ask } of steps) {
            spool.append(more);
            text += more;
            // Half a character waits for its other half.
            if (ask !== null && spool.held === "") await check(ask[0] + 1, ask[1] + 1, text);
          }
          spool.finish();
          await check(1, 10_000, text);
          assert.equal(spool.end.newlines, text.split("\n").length - 1);
          assert.deepEqual(spool.losses, []);
          await spool.remove();
        },
      ),
      { numRuns: 150 },
    );
  });

  it("goes on where a limit of characters cut a range", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.integer({ min: 2, max: 200 }),
        async (pieces, maxChars) => {
          const output = new CommandOutput(1000);
          output.push(pieces.join("").toWellFormed().replaceAll("\ufeff", ""));
          output.finish();
          const whole = linesOf(output.text().text);
          const found: string[] = [];
          for (let next: number | null = 1; next !== null; ) {
            const read = await output.read({ fromLine: next, lineCount: 10_000, maxChars }, noSignal);
            assert(read !== null);
            found.push(...numbered(read.pieces).values());
            assert(read.nextLine === null || read.nextLine === found.length + 1);
            next = read.nextLine;
          }
          assert.equal(found.length, whole.length);
          for (const [index, line] of whole.entries()) {
            if (line.length <= maxChars) assert.equal(found[index], line);
            else assert.match(found[index] ?? "", /\[… \d+ characters omitted …\]/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keeps all of what is too long for a result, also while it grows, and nothing of what fits", async () => {
    const shelf = new SpoolShelf(files, defaultSpoolLimits);
    const output = new CommandOutput(1000);
    output.keepWhole(shelf);
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index + 1} ${"é漢🙂".repeat(index % 7)}`);
    for (let at = 0; at < lines.length; at += 1000) {
      const text = lines.slice(at, at + 1000).join("\r\n");
      output.push(`${text}\r\n`);
      const from = Math.max(1, at - 1500);
      const read = await output.read({ fromLine: from, lineCount: 4000, maxChars: 1e9 }, noSignal);
      assert.deepEqual([...numbered(read?.pieces ?? []).values()], lines.slice(from - 1, at + 1000));
      assert.equal(output.totalLines, at + 1000);
    }
    output.push("no line end");
    const { droppedLines } = output.text();
    output.finish();
    assert.equal(output.totalLines, 30_001);
    assert.deepEqual(output.text().droppedLines, droppedLines);
    const { text } = output.text();
    const [head = "", tail = ""] = text.split(/\n\[… \d+ characters omitted …\]\n/);
    const shown = [...linesOf(head).slice(0, -1), ...linesOf(tail).slice(1)];
    const missing = await output.read(
      { fromLine: droppedLines!.from, lineCount: droppedLines!.to - droppedLines!.from + 1, maxChars: 1e9 },
      noSignal,
    );
    const found = [...numbered(missing?.pieces ?? []).values()];
    assert.deepEqual(
      [...shown.slice(0, droppedLines!.from - 1), ...found, ...shown.slice(droppedLines!.from - 1)],
      [...lines, "no line end"],
    );
    assert(shelf.bytesOnDisk > 0);
    await output.forget();
    assert.equal(shelf.bytesOnDisk, 0);

    const small = new CommandOutput(1000);
    small.keepWhole(shelf);
    small.push("x".repeat(1000));
    small.finish();
    assert.equal(shelf.bytesOnDisk, 0);
    const [folder = ""] = await readdir(parent);
    assert.deepEqual(await readdir(join(parent, folder)), []);
    const read = await small.read({ fromLine: 1, lineCount: 1, maxChars: 5000 }, noSignal);
    assert.equal(read?.pieces[0]?.text, "x".repeat(1000));
  });

  it("is for this user's eyes only", async () => {
    const spool = new Spool(files, tiny, () => {});
    spool.append("secret\n");
    await readSpool(spool, 1, 1);
    const [folder = ""] = await readdir(parent);
    assert.equal((await stat(join(parent, folder))).mode & 0o777, 0o700);
    const [file = ""] = await readdir(join(parent, folder));
    assert.equal((await stat(join(parent, folder, file))).mode & 0o777, 0o600);
    await spool.remove();
    assert.deepEqual(await readdir(join(parent, folder)), []);
  });

  it("keeps the beginning and the newest part of a command that prints without end, and says what is gone", async () => {
    const spool = new Spool(files, { ...tiny, commandBytes: 2048 }, () => {});
    for (let line = 1; line <= 1000; line++) {
      spool.append(`line ${line}\n`);
      if (line % 50 === 0) await readSpool(spool, 1, 1);
    }
    spool.finish();
    const found = numbered((await readSpool(spool, 1, 1000)).lines);
    assert.ok(spool.bytesOnDisk <= 2048);
    assert.equal(found.get(1), "line 1");
    assert.equal(found.get(40), "line 40");
    assert.equal(found.get(500), undefined);
    assert.equal(found.get(950), "line 950");
    assert.equal(found.get(1000), "line 1000");
    for (const [number, line] of found) {
      if (line.includes("[…]")) continue;
      assert.equal(line, `line ${number}`);
    }
    assert.deepEqual(spool.losses, ["one command keeps at most 0 MB of output"]);
    const middle = await readSpool(spool, 400, 3);
    assert.deepEqual(middle.lines, []);
  });

  it("takes the oldest commands from the disk first", async () => {
    const shelf = new SpoolShelf(files, { ...tiny, sessionBytes: 2048 });
    const spools = Array.from({ length: 5 }, (_, index) => {
      const spool = shelf.begin();
      for (let line = 1; line <= 100; line++) spool.append(`${index} ${line}\n`);
      return spool;
    });
    for (const spool of spools) {
      spool.finish();
      await readSpool(spool, 1, 1);
    }
    await eventually("it is within its bound", () => shelf.bytesOnDisk <= 2048);
    assert.equal((await readSpool(spools[4]!, 1, 100)).lines[0]?.toLine, 100);
    assert.deepEqual((await readSpool(spools[0]!, 1, 100)).lines, []);
    assert.deepEqual(spools[0]?.losses, ["the commands of a session keep at most 0 MB of output"]);
    await shelf.close();
    assert.equal(shelf.bytesOnDisk, 0);
  });

  /** A disk that does what the test wants. */
  function disk(behave: (written: number) => Promise<void>): SpoolFiles {
    let written = 0;
    return {
      async create() {
        const chunks: Uint8Array[] = [];
        return {
          async append(bytes) {
            written += bytes.length;
            await behave(written);
            chunks.push(bytes.slice());
          },
          async read(position, length) {
            return Buffer.concat(chunks).subarray(position, position + length);
          },
          async finish() {},
          async remove() {},
        };
      },
    };
  }

  it("ends with a reason when the disk is full, and keeps counting", async () => {
    const full = disk(async (written) => {
      if (written > 2000) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    });
    const spool = new Spool(full, tiny, () => {});
    for (let line = 1; line <= 1000; line++) spool.append(`line ${line}\n`);
    spool.finish();
    const window = await readSpool(spool, 1, 1000);
    assert.deepEqual(spool.losses, ["it could not be written to disk (ENOSPC)"]);
    assert.equal(spool.end.newlines, 1000);
    const found = numbered(window.lines);
    assert.equal(found.get(100), "line 100");
    assert.equal(found.get(900), undefined);
    assert.deepEqual((await readSpool(spool, 900, 10)).lines, []);
  });

  it("ends with a reason on a disk that is really full", async function () {
    const mounted = join(parent, "small");
    await mkdir(mounted);
    const mount = await run("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", mounted]).catch(() => null);
    // Only root may, and not everywhere.
    if (mount === null) return this.skip();
    try {
      const folder = temporaryPrivateFolder(mounted);
      const spool = new Spool(spoolFiles(folder), { ...defaultSpoolLimits, blockBytes: 65_536 }, () => {});
      for (let line = 1; line <= 200_000; line++) spool.append(`line ${line}\n`);
      spool.finish();
      const found = numbered((await readSpool(spool, 1, 200_000)).lines);
      assert.deepEqual(spool.losses, ["it could not be written to disk (ENOSPC)"]);
      assert.equal(spool.end.newlines, 200_000);
      assert.ok(found.size > 10_000);
      assert.equal(found.get(10_000), "line 10000");
      await spool.remove();
      await folder.remove();
    } finally {
      await run("umount", [mounted]);
    }
  });

  it("ends with a reason where nothing may be written", async () => {
    const source = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
    const printed = await asNobody(`
      const { Spool, defaultSpoolLimits } = await import(${source("terminals/spool.ts")});
      const { spoolFiles } = await import(${source("node/pty/spool-files.ts")});
      const { temporaryPrivateFolder } = await import(${source("node/pty/private-folder.ts")});
      const folder = temporaryPrivateFolder(${JSON.stringify(parent)});
      const spool = new Spool(spoolFiles(folder), defaultSpoolLimits, () => {});
      spool.append("a\\nb\\n");
      spool.finish();
      const sink = { done: false, piece() { console.log("unexpected"); } };
      await spool.read(1, spool.end, sink, new AbortController().signal);
      console.log(spool.end.newlines, spool.losses.join());`);
    assert.equal(printed, "2 it could not be written to disk (EACCES)\n");
  });

  it("leaves out what a slow disk can not take, and stays small", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = disk(() => gate.promise);
    const spool = new Spool(slow, { ...tiny, queueBytes: 1024 }, () => {});
    for (let line = 1; line <= 1000; line++) spool.append(`line ${line}\n`);
    gate.resolve();
    await readSpool(spool, 1, 1);
    for (let line = 1001; line <= 1010; line++) spool.append(`line ${line}\n`);
    spool.finish();
    const found = numbered((await readSpool(spool, 1, 2000)).lines);
    assert.deepEqual(spool.losses, ["the disk was slower than the output"]);
    assert.equal(found.get(1), "line 1");
    assert.equal(found.get(500), undefined);
    assert.equal(found.get(1010), "line 1010");
    assert.equal(spool.end.newlines, 1010);
  });

  it("gives up reading when it is aborted", async () => {
    const stuck = disk(() => new Promise(() => {}));
    const spool = new Spool(stuck, tiny, () => {});
    spool.append("a\n");
    const window = new LineWindow({ fromLine: 1, lineCount: 1, maxChars: 100 });
    assert.equal(await spool.read(1, spool.end, window, AbortSignal.timeout(20)), false);
  });

  it("goes on without its folder", async () => {
    const spool = new Spool(files, tiny, () => {});
    spool.append("before\n".repeat(100));
    await readSpool(spool, 1, 1);
    for (const folder of await readdir(parent)) await removeFolder(join(parent, folder));
    spool.append("after\n".repeat(1000));
    spool.finish();
    const window = await readSpool(spool, 1, 2000);
    assert.equal(spool.end.newlines, 1100);
    assert.match(spool.losses.join(), /ENOENT/);
    assert.ok(numbered(window.lines).size < 1100);
  });
});
