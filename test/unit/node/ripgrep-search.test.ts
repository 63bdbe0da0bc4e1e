import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { createRipgrepSearch } from "../../../src/node/search/ripgrep-search.ts";
import type { SearchRequest } from "../../../src/ports/search.ts";
import { fileTree, symlinkTo, type TempWorkspace } from "../../support/temp-workspace.ts";

/** Prints how much memory the matches of 300 lines of 200 kB hold, in a process of its own, where all else can go. */
const HOLD = `
  const { parseRipgrepLine } = await import(${JSON.stringify(new URL("../../../src/node/search/ripgrep-json.ts", import.meta.url).href)});
  const matchIn = (number) => {
    const lines = { text: "x".repeat(100_000) + number + "y".repeat(100_000) };
    const data = { path: { text: "a.txt" }, lines, line_number: number, submatches: [{ start: 100_000 }] };
    return parseRipgrepLine(JSON.stringify({ type: "match", data }));
  };
  matchIn(0);
  gc();
  const before = process.memoryUsage().heapUsed;
  const matches = Array.from({ length: 300 }, (_, index) => matchIn(index));
  gc();
  const heldBytes = process.memoryUsage().heapUsed - before;
  console.log(JSON.stringify({ chars: matches.reduce((sum, { text }) => sum + text.length, 0), heldBytes }));
`;

const search = createRipgrepSearch();

describe("ripgrep search", () => {
  let workspace: TempWorkspace;
  before(async () => {
    workspace = await fileTree({
      ".gitignore": "ignored/\n",
      ".env.sample": "needle in a dot file",
      ".git/config": "needle",
      "ignored/x.ts": "needle",
      "src/a.ts": "first\r\nneedle here\r\nlast needle\r\n",
      "src/b.md": "needle",
      "src/-x.txt": "--files needle -e",
      "src/long.min.js": `${"x".repeat(3_000_000)}haystick${"y".repeat(2_000_000)}`,
      "latin1.txt": Uint8Array.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0x68, 0x61, 0x79]),
      "data.bin": Uint8Array.from([0, 1, 2, ...Buffer.from("needle")]),
      "link.ts": symlinkTo("src/a.ts"),
    });
  });
  after(() => workspace.dispose());

  const find = (pattern: string, changes: Partial<SearchRequest> = {}) =>
    search.find({
      pattern,
      paths: [workspace.root],
      include: [],
      unsaved: [],
      maxResults: 50,
      signal: new AbortController().signal,
      ...changes,
    });
  const found = async (pattern: string, changes: Partial<SearchRequest> = {}) => {
    const result = await find(pattern, changes);
    assert(result.kind === "found", JSON.stringify(result));
    return result;
  };
  const places = async (pattern: string, changes: Partial<SearchRequest> = {}) =>
    (await found(pattern, changes)).matches.map(({ path, line }) => `${path.slice(workspace.root.length + 1)}:${line}`);

  it("finds in text and dot files, in order; not in ignored, binary or linked ones, nor in .git", async () => {
    assert.deepEqual(await places("needle"), [
      ".env.sample:1",
      "src/-x.txt:1",
      "src/a.ts:2",
      "src/a.ts:3",
      "src/b.md:1",
    ]);
  });

  it("takes include globs from the folder that is searched, and only adds to what is left out", async () => {
    assert.deepEqual(await places("needle", { include: ["src/*.ts"] }), ["src/a.ts:2", "src/a.ts:3"]);
    assert.deepEqual(await places("needle", { include: ["**/config"] }), []);
    const folders = [workspace.path("src"), workspace.path("ignored")];
    assert.deepEqual(await places("needle", { include: ["*.md"], paths: folders }), ["src/b.md:1"]);
  });

  it("searches single files, ignored ones too", async () => {
    const paths = [workspace.path("ignored/x.ts"), workspace.path("src/-x.txt")];
    assert.deepEqual(await places("needle", { paths }), ["ignored/x.ts:1", "src/-x.txt:1"]);
  });

  describe("with unsaved changes", () => {
    const unsaved = (files: Record<string, string>) =>
      Object.entries(files).map(([name, text]) => ({ path: workspace.path(name), bytes: Buffer.from(text) }));

    it("finds what is in the editor instead of what is on the disk", async () => {
      const changes = { unsaved: unsaved({ "src/a.ts": "new\r\n\r\nneedle typed\r\n", "src/b.md": "nothing" }) };
      const result = await found("last needle|here|needle typed$", changes);
      assert.deepEqual(
        result.matches.map(({ path, line, text }) => [path.slice(workspace.root.length + 1), line, text]),
        [["src/a.ts", 3, "needle typed"]],
      );
      assert.deepEqual([result.total, result.totalIsLowerBound], [1, false]);
      assert.deepEqual(await places("needle", { ...changes, paths: [workspace.path("src")], maxResults: 1 }), [
        "src/-x.txt:1",
      ]);
    });

    it("comes to the same files as on the disk", async () => {
      const changes = { unsaved: unsaved({ "ignored/x.ts": "typed", "src/a.ts": "typed", "src/b.md": "typed" }) };
      assert.deepEqual(await places("typed", changes), ["src/a.ts:1", "src/b.md:1"]);
      assert.deepEqual(await places("typed", { ...changes, include: ["*.md"] }), ["src/b.md:1"]);
      assert.deepEqual(await places("typed", { ...changes, paths: [workspace.path("ignored/x.ts")] }), [
        "ignored/x.ts:1",
      ]);
      assert.deepEqual(await places("typed", { ...changes, paths: [workspace.path(".git")] }), []);
    });

    it("never takes a pattern for an option, nor a name", async () => {
      const changes = { unsaved: unsaved({ "src/-x.txt": "--files --null\n" }) };
      assert.deepEqual(await places("--null", changes), ["src/-x.txt:1"]);
    });
  });

  it("never takes a pattern for an option", async () => {
    for (const pattern of ["--files", "-e", "--pre=touch /tmp/pwned"]) await found(pattern);
    assert.deepEqual(await places("--files"), ["src/-x.txt:1"]);
    assert.deepEqual(await places("-e$"), ["src/-x.txt:1"]);
  });

  it("matches the end of a line before CRLF and gives the line without it", async () => {
    const { matches } = await found("here$");
    assert.equal(matches[0]?.text, "needle here");
  });

  it("counts beyond what it returns", async () => {
    const result = await found("needle", { maxResults: 2 });
    assert.deepEqual([result.matches.length, result.total, result.totalIsLowerBound], [2, 5, false]);
  });

  it("stops counting at a bound", async () => {
    await using many = await fileTree({ "many.txt": "x\n".repeat(200_000) });
    const result = await found("x", { paths: [many.root], maxResults: 3 });
    assert.deepEqual([result.matches.length, result.total, result.totalIsLowerBound], [3, 10_000, true]);
  });

  it("returns the first of all, in whatever order they are found", async () => {
    const matches = Array.from({ length: 5_000 }, (_, index) =>
      JSON.stringify({
        type: "match",
        data: {
          path: { text: `${index % 3}.txt` },
          lines: { text: "x\n" },
          line_number: 5_000 - index,
          submatches: [{ start: 0 }],
        },
      }),
    );
    await workspace.write("found.jsonl", matches.join("\n"));
    await workspace.write("backwards-rg", '#!/bin/sh\ncat "$(dirname "$0")/found.jsonl"; echo\n');
    await chmod(workspace.path("backwards-rg"), 0o755);
    const backwards = createRipgrepSearch({ rgPath: workspace.path("backwards-rg") });
    for (const maxResults of [1, 150, 2_000]) {
      const request = { pattern: "x", paths: [workspace.root], include: [], unsaved: [], maxResults };
      const result = await backwards.find({ ...request, signal: new AbortController().signal });
      assert(result.kind === "found");
      const lines = matches.map((_, index) => 5_000 - index).filter((line) => (5_000 - line) % 3 === 0);
      const first = lines.toSorted((a, b) => a - b).slice(0, maxResults);
      const zeros = result.matches.filter(({ path }) => path.endsWith("0.txt"));
      assert.deepEqual(
        [result.total, result.matches.length, zeros.map(({ line }) => line)],
        [5_000, maxResults, first],
      );
    }
    await Promise.all(["found.jsonl", "backwards-rg"].map((name) => rm(workspace.path(name))));
  });

  it("keeps of long lines no more than is shown", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--input-type=module", "-e", HOLD]);
    const { chars, heldBytes } = JSON.parse(stdout) as { chars: number; heldBytes: number };
    assert.equal(chars, 150_000);
    assert.ok(heldBytes < 5_000_000, `${heldBytes} bytes`);
  }).timeout(30_000);

  it("cuts a line of 5 MB to the part that matched", async () => {
    const { matches } = await found("haystick");
    assert(matches[0]);
    assert(matches[0].text.length <= 500);
    assert.match(matches[0].text, /^…x+haysticky+…$/);
  });

  it("bears lines that are not UTF-8", async () => {
    assert.equal((await found("hay$")).matches[0]?.text, "caf\uFFFD hay");
  });

  it("words a bad pattern", async () => {
    for (const pattern of ["(", "a\\nb", "(?=x)"]) {
      const result = await find(pattern);
      assert(result.kind === "bad-pattern", pattern);
      assert.match(result.message, /not a valid pattern[\s\S]*Correct the pattern/);
    }
  });

  it("says what to do where ripgrep is missing", async () => {
    const missing = createRipgrepSearch({ rgPath: "/no/such/rg" });
    const request = { pattern: "x", paths: [workspace.root], include: [], unsaved: [], maxResults: 1 };
    const result = await missing.find({ ...request, signal: new AbortController().signal });
    assert(result.kind === "failed");
    assert.match(result.message, /could not be started.*program is missing.*grep -rn/);
  });

  describe("with a ripgrep that never ends", () => {
    let slow: string;
    before(async () => {
      slow = workspace.path("slow-rg");
      await workspace.write("slow-rg", '#!/bin/sh\necho $$ > "$0.pid"\nexec sleep 60\n');
      await chmod(slow, 0o755);
    });
    const gone = async () => {
      const pid = (await workspace.read("slow-rg.pid")).trim();
      return promisify(execFile)("ps", ["-p", pid]).then(
        () => false,
        () => true,
      );
    };
    const request = () => ({ pattern: "x", paths: [workspace.root], include: [], unsaved: [], maxResults: 1 });

    it("is stopped by an abort", async () => {
      const controller = new AbortController();
      const pending = createRipgrepSearch({ rgPath: slow }).find({ ...request(), signal: controller.signal });
      await new Promise((resolve) => setTimeout(resolve, 200));
      controller.abort();
      const result = await pending;
      assert.equal(result.kind, "failed");
      // It would have gone on for a minute.
      assert(await gone());
    });

    it("is stopped by the time limit", async () => {
      const limited = createRipgrepSearch({ rgPath: slow, timeoutMs: 200 });
      const result = await limited.find({ ...request(), signal: new AbortController().signal });
      assert(result.kind === "found" && result.timedOut && result.totalIsLowerBound);
      assert(await gone());
    });
  });
});
