import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, link, lutimes, mkdir, stat, symlink, utimes } from "node:fs/promises";
import { promisify } from "node:util";
import { systemCodeOf } from "../../../src/base/app-error.ts";
import { hashOf } from "../../../src/base/content-hash.ts";
import { LEFTOVER_AFTER_MS } from "../../../src/node/files/leftover-files.ts";
import { NodeFileSystem } from "../../../src/node/files/node-file-system.ts";
import { asNobody } from "../../support/as-nobody.ts";
import { fileTree, symlinkTo, type TempWorkspace } from "../../support/temp-workspace.ts";

const run = promisify(execFile);
const bytes = (text: string) => new TextEncoder().encode(text);
const codeOf = (promise: Promise<unknown>) => promise.then(() => "none", systemCodeOf);
const isRoot = process.getuid?.() === 0;

describe("NodeFileSystem", () => {
  const files = new NodeFileSystem();
  let workspace: TempWorkspace;
  beforeEach(async () => {
    workspace = await fileTree({ "a.txt": "old", "folder/b.txt": "b", link: symlinkTo("a.txt") });
  });
  afterEach(() => workspace.dispose());

  it("tells what is at a path", async () => {
    assert.equal(await files.stat(workspace.path("none")), null);
    const stats = await files.stat(workspace.path("link"));
    assert.deepEqual([stats?.kind, stats?.sizeBytes, stats?.writable], ["file", 3, true]);
    assert.equal((await files.stat(workspace.path("folder")))?.kind, "directory");
    assert.deepEqual(await files.list(workspace.root), ["a.txt", "folder/", "link"]);
  });

  it("reads files, and neither folders nor pipes", async () => {
    assert.equal(await files.read(workspace.path("none")), null);
    assert.deepEqual(Buffer.from((await files.read(workspace.path("link"))) ?? []).toString(), "old");
    assert.equal(await codeOf(files.read(workspace.path("folder"))), "EISDIR");
    await run("mkfifo", [workspace.path("pipe")]);
    assert.equal(await codeOf(files.read(workspace.path("pipe"))), "EINVAL");
    assert.equal(await codeOf(files.replace(workspace.path("pipe"), bytes("x"), hashOf(""))), "EINVAL");
  });

  it("reads no more than it is asked for of a file that says it is empty", async function () {
    if (!existsSync("/proc/self/status")) this.skip();
    const whole = (await files.read("/proc/self/status")) ?? assert.fail();
    assert.match(Buffer.from(whole).toString(), /^Name:/);
    const bounded = (await files.read("/proc/self/status", 1_000_000)) ?? assert.fail();
    assert.match(Buffer.from(bounded).toString(), /^Name:.*\nThreads:/s);
    await assert.rejects(
      files.read("/proc/self/status", 100),
      (error: NodeJS.ErrnoException & { sizeBytes: number }) => {
        assert.equal(error.code, "EFBIG");
        return error.sizeBytes > 100;
      },
    );
  });

  it("gives a file a version that every write changes, and none while the next write might not", async () => {
    const path = workspace.path("a.txt");
    assert.deepEqual(await files.versions([path, workspace.path("none"), workspace.path("folder")]), [
      null,
      null,
      null,
    ]);
    assert.equal((await files.readVersioned(path))?.version, null, "it was written this very moment");
    const settled = () => new Promise((resolve) => setTimeout(resolve, 80));
    await settled();
    const first = (await files.readVersioned(path))?.version ?? assert.fail();
    assert.deepEqual(await files.versions([path]), [first]);
    const { mtime } = await stat(path);
    await workspace.write("a.txt", "new");
    await utimes(path, mtime, mtime);
    await settled();
    const [second] = await files.versions([path]);
    assert.ok(second);
    assert.notDeepEqual(second, first, "same size, and the time of the change was set back");
    await files.replace(path, bytes("own"), hashOf("new"));
    await settled();
    assert.notDeepEqual(await files.versions([path]), [second]);
    assert.equal(await files.readVersioned(workspace.path("none")), null);
  });

  it("replaces a file only over the expected bytes", async () => {
    const path = workspace.path("a.txt");
    assert.deepEqual(await files.replace(path, bytes("new"), hashOf("other")), { kind: "changed" });
    assert.deepEqual(await files.replace(path, bytes("new"), null), { kind: "changed" });
    assert.deepEqual(await files.replace(workspace.path("none"), bytes("new"), hashOf("")), { kind: "changed" });
    assert.equal(await workspace.read("a.txt"), "old");
    assert.deepEqual(await files.replace(path, bytes("new"), hashOf("old")), { kind: "replaced" });
    assert.equal(await workspace.read("a.txt"), "new");
    assert.deepEqual(await workspace.names(), ["a.txt", "folder", "link"]);
  });

  it("makes a new file with its folders, and leaves none behind when it fails", async () => {
    assert.deepEqual(await files.replace(workspace.path("x/y/z.txt"), bytes("z"), null), { kind: "replaced" });
    assert.equal(await workspace.read("x/y/z.txt"), "z");
    assert.deepEqual(await workspace.names("x/y"), ["z.txt"]);
    const tooLong = workspace.path(`p/q/${"n".repeat(300)}`);
    assert.equal(await codeOf(files.replace(tooLong, bytes("z"), null)), "ENAMETOOLONG");
    const belowFile = workspace.path("a.txt/z.txt");
    assert.match((await codeOf(files.replace(belowFile, bytes("z"), null))) ?? "", /ENOTDIR|EEXIST/);
    assert.deepEqual(await workspace.names(), ["a.txt", "folder", "link", "x"]);
  });

  it("keeps the mode, and the owner where it may", async () => {
    const path = workspace.path("a.txt");
    await chmod(path, 0o755);
    if (isRoot) await chown(path, 1234, 1235);
    await files.replace(path, bytes("new"), hashOf("old"));
    const stats = await stat(path);
    assert.equal(stats.mode & 0o7777, 0o755);
    if (isRoot) assert.deepEqual([stats.uid, stats.gid], [1234, 1235]);
  });

  it("never writes through a symlink", async () => {
    assert.equal(await codeOf(files.replace(workspace.path("link"), bytes("new"), hashOf("old"))), "ELOOP");
    assert.equal(await workspace.read("a.txt"), "old");
  });

  it("lets exactly one of many concurrent writers win", async () => {
    const path = workspace.path("a.txt");
    const writers = Array.from({ length: 20 }, (_, i) => files.replace(path, bytes(`new ${i}`), hashOf("old")));
    const results = await Promise.all(writers);
    assert.equal(results.filter((result) => result.kind === "replaced").length, 1);
    const creators = Array.from({ length: 20 }, (_, i) =>
      new NodeFileSystem().replace(workspace.path("fresh"), bytes(`${i}`), null),
    );
    const created = await Promise.all(creators);
    assert.equal(created.filter((result) => result.kind === "replaced").length, 1);
    assert.deepEqual(await workspace.names(), ["a.txt", "folder", "fresh", "link"]);
  });

  it("shows a concurrent reader the old or the new bytes, never a part", async () => {
    const path = workspace.path("big");
    const contents = ["A", "B"].map((letter) => letter.repeat(2_000_000));
    await workspace.write("big", contents[0] ?? "");
    let writing = true;
    const reader = (async () => {
      let reads = 0;
      while (writing) {
        const text = Buffer.from((await files.read(path)) ?? []).toString("latin1");
        assert(contents.includes(text), `${text.length} bytes`);
        reads += 1;
      }
      return reads;
    })();
    for (let i = 0; i < 20; i += 1) {
      const [now, next] = i % 2 === 0 ? contents : [...contents].reverse();
      await files.replace(path, bytes(next ?? ""), hashOf(now ?? ""));
    }
    writing = false;
    assert((await reader) > 0);
  });

  it("writes 100 MB", async function () {
    this.timeout(120_000);
    const big = new Uint8Array(100_000_000).fill(120);
    await files.replace(workspace.path("big"), big, null);
    assert.equal((await stat(workspace.path("big"))).size, 100_000_000);
    assert.deepEqual(await files.replace(workspace.path("big"), bytes("small"), hashOf(big)), {
      kind: "replaced",
    });
  });

  it("resolves symlinks, also of what is not there", async () => {
    assert.equal(await files.realPath(workspace.path("link")), workspace.path("a.txt"));
    assert.equal(await files.realPath(workspace.path("no/such/file")), workspace.path("no/such/file"));
  });

  it("leaves other hard links of the file with the old content", async () => {
    await link(workspace.path("a.txt"), workspace.path("other-name"));
    await files.replace(workspace.path("a.txt"), bytes("new"), hashOf("old"));
    assert.equal(await workspace.read("other-name"), "old");
  });

  it("refuses a read-only file and a read-only folder, and changes nothing", async () => {
    await chmod(workspace.root, 0o777);
    await chmod(workspace.path("a.txt"), 0o444);
    await chmod(workspace.path("folder"), 0o555);
    const seen = await asNobody(`
      const { NodeFileSystem } = await import(${JSON.stringify(new URL("../../../src/node/files/node-file-system.ts", import.meta.url).href)});
      const files = new NodeFileSystem();
      const code = (promise) => promise.then((r) => r.kind, (error) => error.code);
      const encode = (text) => new TextEncoder().encode(text);
      console.log(JSON.stringify([
        (await files.stat(${JSON.stringify(workspace.path("a.txt"))})).writable,
        await code(files.replace(${JSON.stringify(workspace.path("a.txt"))}, encode("x"), ${JSON.stringify(hashOf("old"))})),
        await code(files.replace(${JSON.stringify(workspace.path("folder/b.txt"))}, encode("x"), ${JSON.stringify(hashOf("b"))})),
        await code(files.replace(${JSON.stringify(workspace.path("folder/new.txt"))}, encode("x"), null)),
        await code(files.replace(${JSON.stringify(workspace.path("new.txt"))}, encode("x"), null)),
      ]));
    `);
    assert.deepEqual(JSON.parse(seen), [false, "EACCES", "EACCES", "EACCES", "replaced"]);
    assert.deepEqual(await workspace.names(), ["a.txt", "folder", "link", "new.txt"]);
    assert.equal(await workspace.read("a.txt"), "old");
  });

  it("leaves the old file and nothing else when the disk is full", async function () {
    const disk = workspace.path("disk");
    await mkdir(disk);
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]).then(
      () => true,
      () => false,
    );
    // Needs the right to mount, which a container as root usually has.
    if (!mounted) this.skip();
    try {
      await workspace.write("disk/f.txt", "old");
      const full = files.replace(workspace.path("disk/f.txt"), new Uint8Array(1_000_000), hashOf("old"));
      assert.equal(await codeOf(full), "ENOSPC");
      assert.equal(await codeOf(files.replace(workspace.path("disk/x/y"), new Uint8Array(1_000_000), null)), "ENOSPC");
      assert.equal(await workspace.read("disk/f.txt"), "old");
      assert.deepEqual(await workspace.names("disk"), ["f.txt"]);
    } finally {
      await run("umount", [disk]);
    }
  });

  it("notices a change of the same length and time", async () => {
    const path = workspace.path("a.txt");
    const { atime, mtime } = await stat(path);
    await workspace.write("a.txt", "OLD");
    await utimes(path, atime, mtime);
    assert.deepEqual(await files.replace(path, bytes("new"), hashOf("old")), { kind: "changed" });
  });

  it("never leaves half a file when the process is killed while it writes", async function () {
    this.timeout(120_000);
    const path = workspace.path("k.txt");
    const size = 5_000_000;
    await workspace.write("k.txt", "A".repeat(size));
    for (const delayMs of [0, 2, 5, 9, 14, 20]) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", writerLoop(path)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill("SIGKILL");
      await once(child, "close");
      const content = await workspace.read("k.txt");
      assert.equal(content.length, size);
      assert.equal(new Set(content).size, 1);
    }
    // What the kills have left beside it goes with a write that comes long after.
    const left = (await workspace.names()).filter((name) => name.startsWith(".codepilot-"));
    for (const name of left) await utimes(workspace.path(name), longAgo, longAgo);
    await new NodeFileSystem().replace(workspace.path("a.txt"), bytes("new"), hashOf("old"));
    assert.deepEqual(await workspace.names(), ["a.txt", "folder", "k.txt", "link"]);
  });

  it("takes away what a killed process left in the folder, and nothing else", async () => {
    const ours = (digit: string) => `.codepilot-${digit.repeat(12)}.tmp`;
    const others = [ours("1"), ".codepilot-settings.tmp", `${ours("2")}.bak`, `x${ours("3")}`];
    for (const name of [...others, ours("a"), ours("b"), `folder/${ours("c")}`]) await workspace.write(name, "left");
    await mkdir(workspace.path(ours("d")));
    await symlink("a.txt", workspace.path(ours("e")));
    const old = [...others.slice(1), ours("a"), ours("b"), `folder/${ours("c")}`, ours("d")];
    for (const name of old) await utimes(workspace.path(name), longAgo, longAgo);
    await lutimes(workspace.path(ours("e")), longAgo, longAgo);
    assert.deepEqual(await new NodeFileSystem().replace(workspace.path("a.txt"), bytes("new"), hashOf("old")), {
      kind: "replaced",
    });
    const kept = ["a.txt", "folder", "link", ...others, ours("d"), ours("e")];
    assert.deepEqual(await workspace.names(), kept.sort());
    assert.deepEqual(await workspace.names("folder"), [ours("c"), "b.txt"].sort());
  });
});

const longAgo = new Date(Date.now() - 2 * LEFTOVER_AFTER_MS);

/** Replaces a file for ever by turns of A and B. */
function writerLoop(path: string): string {
  const source = (name: string) => JSON.stringify(new URL(`../../../src/${name}`, import.meta.url).href);
  return `
    const { NodeFileSystem } = await import(${source("node/files/node-file-system.ts")});
    const { hashOf } = await import(${source("base/content-hash.ts")});
    const files = new NodeFileSystem();
    const path = ${JSON.stringify(path)};
    console.log("ready");
    for (;;) {
      const now = await files.read(path);
      const next = new Uint8Array(now.length).fill(now[0] === 65 ? 66 : 65);
      await files.replace(path, next, hashOf(now));
    }`;
}
