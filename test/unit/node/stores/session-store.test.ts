/** One conformance suite for every store, and what only files can suffer. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AppError } from "../../../../src/base/app-error.ts";
import { hashOf } from "../../../../src/base/content-hash.ts";
import { LEFTOVER_AFTER_MS, temporaryIn } from "../../../../src/node/files/leftover-files.ts";
import { FileSessionStore, workspaceKey } from "../../../../src/node/stores/file-session-store.ts";
import { MemorySessionStore } from "../../../../src/node/stores/memory-session-store.ts";
import type { SessionStore } from "../../../../src/ports/session-store.ts";
import type { DurableEvent } from "../../../../src/protocol/events.ts";
import { removeFolder } from "../../../support/remove-folder.ts";

let seq = 0;
const envelope = () => ({ v: 1 as const, seq: ++seq, at: seq, sessionId: "s1" });
const opened = (): DurableEvent => ({
  ...envelope(),
  type: "session.opened",
  cwd: "/w",
  folders: ["/w"],
  model: "demo/scripted",
  interface: "tools",
  dialect: "codepilot",
  productVersion: "0",
});
const started = (text: string): DurableEvent => ({
  ...envelope(),
  turnId: "t",
  type: "turn.started",
  input: { text },
  model: "m",
});
const finished = (): DurableEvent => ({
  ...envelope(),
  turnId: "t",
  type: "turn.finished",
  reason: "completed",
  steps: 1,
  durationMs: 1,
});
const note = (message: string): DurableEvent => ({
  ...envelope(),
  type: "notice.raised",
  level: "info",
  code: "c",
  message,
});

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "codepilot-store-"));
});
afterEach(() => removeFolder(home));

async function journalPath(): Promise<string> {
  const [workspace] = await readdir(join(home, "sessions"));
  return join(home, "sessions", workspace ?? "", "s1.jsonl");
}

const stores: Record<string, () => SessionStore> = {
  memory: () => new MemorySessionStore(),
  file: () => new FileSessionStore(home, { claimWaitMs: 200 }),
};

for (const [name, make] of Object.entries(stores)) {
  describe(`the ${name} store`, () => {
    it("gives back what was appended, in order", async () => {
      const store = make();
      const journal = await store.create("s1", "/w");
      const events = [opened(), ...Array.from({ length: 50 }, (_, n) => note(`n ${n} ✓`))];
      await Promise.all(events.map((event) => journal.append([event], { sync: false })));
      await journal.close();
      const again = await store.open("s1");
      assert.deepEqual(again.events, events);
      await again.journal.append([note("later")], { sync: true });
      assert.equal((await store.read("s1"))?.length, 52);
      await again.journal.close();
    });

    it("knows what it does not have", async () => {
      const store = make();
      assert.equal(await store.read("s1"), null);
      assert.equal(await store.find("s1"), null);
      await assert.rejects(store.open("s1"), (error) => AppError.is(error, "not-found"));
      assert.deepEqual(await store.list({ limit: 10 }), []);
    });

    it("lists by workspace with title and whether a turn is open", async () => {
      const store = make();
      const journal = await store.create("s1", "/w");
      await journal.append([opened(), started("Fix the cart\nplease")], { sync: false });
      assert.deepEqual(
        (await store.list({ cwd: "/w", limit: 10 })).map(({ title, unfinished }) => ({ title, unfinished })),
        [{ title: "Fix the cart", unfinished: true }],
      );
      await journal.append([finished()], { sync: false });
      const [listed] = await store.list({ cwd: "/w", limit: 10 });
      assert.equal(listed?.unfinished, false);
      assert.deepEqual(await store.find("s1"), listed);
      assert.deepEqual(await store.list({ cwd: "/other", limit: 10 }), []);
      await journal.close();
    });

    it("lists how the last turn has ended", async () => {
      const store = make();
      const journal = await store.create("s1", "/w");
      const lastEnd = async () => (await store.list({ limit: 1 }))[0]?.lastEnd;
      await journal.append([opened(), started("one")], { sync: false });
      assert.equal(await lastEnd(), null);
      await journal.append([{ ...finished(), reason: "failed" } as DurableEvent], { sync: false });
      assert.equal(await lastEnd(), "failed");
      await journal.append([started("two"), finished()], { sync: false });
      assert.equal(await lastEnd(), "completed");
      await journal.close();
    });

    it("deletes a session that nobody writes to, and no other", async () => {
      const store = make();
      const journal = await store.create("s1", "/w");
      await journal.append([opened()], { sync: false });
      await journal.putBlob(new Uint8Array([1, 2, 3]));
      await assert.rejects(store.delete("s1"), (error) => AppError.is(error, "in-use"));
      assert.equal((await store.list({ limit: 1 })).length, 1);
      await journal.close();
      await store.delete("s1");
      assert.deepEqual(await store.list({ limit: 1 }), []);
      assert.equal(await store.read("s1"), null);
      await assert.rejects(store.delete("s1"), (error) => AppError.is(error, "not-found"));
    });

    it("gives a name once, in whichever workspace", async () => {
      const store = make();
      const journal = await store.create("s1", "/w");
      await journal.append([opened()], { sync: false });
      await journal.close();
      for (const cwd of ["/w", "/v"]) {
        await assert.rejects(
          store.create("s1", cwd),
          (error) => AppError.is(error, "usage") && error.next !== undefined,
        );
      }
      // A name made by chance is looked for in its own workspace only, and there all the same.
      await assert.rejects(store.create("s1", "/w", { unique: true }), (error) => AppError.is(error, "usage"));
      assert.deepEqual((await store.read("s1"))?.length, 1);
      await (await store.create("s2", "/w", { unique: true })).close();
    });

    it("has one writer a session", async () => {
      const store = make();
      const journal = await store.create("s1", "/w");
      await journal.append([opened()], { sync: false });
      await assert.rejects(store.open("s1"), (error) => AppError.is(error, "in-use"));
      await journal.close();
      await (await store.open("s1")).journal.close();
    }).timeout(8000);

    it("keeps before-images by hash", async () => {
      const journal = await make().create("s1", "/w");
      const bytes = new Uint8Array([0, 1, 2, 255]);
      const hash = await journal.putBlob(bytes);
      assert.equal(hash, hashOf(bytes));
      assert.equal(await journal.putBlob(bytes), hash);
      assert.deepEqual(new Uint8Array((await journal.getBlob(hash)) ?? []), bytes);
      assert.equal(await journal.getBlob("../../etc/passwd"), null);
      await journal.close();
    });
  });
}

/** A claim as this machine writes it. */
async function ownClaim(store: SessionStore, lock: string): Promise<Record<string, unknown>> {
  const { journal } = await store.open("s1");
  const claim = JSON.parse(await readFile(lock, "utf8")) as Record<string, unknown>;
  await journal.close();
  return claim;
}

describe("the file store", () => {
  it("keeps sessions readable by their owner only", async () => {
    const journal = await new FileSessionStore(home).create("s1", "/w");
    await journal.append([opened()], { sync: true });
    const path = await journalPath();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(path, ".."))).mode & 0o777, 0o700);
    await journal.close();
  });

  it("leaves nothing of a deleted session on the disk", async () => {
    const store = new FileSessionStore(home);
    const journal = await store.create("s1", "/w");
    await journal.append([opened()], { sync: true });
    await journal.putBlob(new Uint8Array([1, 2, 3]));
    await journal.close();
    const folder = join(await journalPath(), "..");
    assert.equal((await readdir(folder)).length, 2);
    await store.delete("s1");
    assert.deepEqual(await readdir(folder), []);
  });

  it("lists what another process has written since", async () => {
    const store = new FileSessionStore(home);
    const journal = await store.create("s1", "/w");
    await journal.append([opened(), started("First")], { sync: false });
    assert.equal((await store.list({ limit: 1 }))[0]?.unfinished, true);
    await journal.close();
    await appendFile(await journalPath(), `${JSON.stringify(finished())}\n`);
    assert.equal((await store.list({ limit: 1 }))[0]?.unfinished, false);
  });

  it("goes on after a torn line, which is cut off before the next append", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    const journal = await store.create("s1", "/w");
    await journal.append([opened(), note("whole")], { sync: false });
    await journal.close();
    const path = await journalPath();
    await appendFile(path, '{"v":1,"seq":99,"type":"notice.rai');
    const again = await store.open("s1");
    assert.equal(again.events.length, 2);
    assert.match(again.warnings[0] ?? "", /torn/);
    await again.journal.append([note("after")], { sync: false });
    await again.journal.close();
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    assert.equal(lines.length, 3);
    for (const line of lines) JSON.parse(line);
  });

  it("does not take an opening for a change", async () => {
    const store = new FileSessionStore(home);
    const journal = await store.create("s1", "/w");
    await journal.append([opened()], { sync: false });
    await journal.close();
    const long = new Date(Date.now() - 3_600_000);
    await utimes(await journalPath(), long, long);
    await (await store.open("s1")).journal.close();
    assert.equal((await store.list({ limit: 1 }))[0]?.updatedAtMs, long.getTime());
  });

  it("refuses names that are paths", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    for (const id of ["../x", "a/b", "", ".hidden", "x".repeat(200), "a\0b"]) {
      await assert.rejects(store.create(id, "/w"), (error) => AppError.is(error, "usage"), id);
    }
  });

  it("takes over the claim of a dead process, and only of a dead one", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    const journal = await store.create("s1", "/w");
    await journal.append([opened()], { sync: false });
    await journal.close();
    const lock = (await journalPath()).replace(/jsonl$/, "lock");
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    const claim = { ...(await ownClaim(store, lock)), pid: child.pid, start: "", token: "x" };
    // The start time of the living process, as the claim of that process would say.
    const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
    claim.start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    await writeFile(lock, JSON.stringify(claim));
    await assert.rejects(store.open("s1"), (error) => AppError.is(error, "in-use"));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    await (await store.open("s1")).journal.close();
    await writeFile(lock, "garbage");
    await (await store.open("s1")).journal.close();
  }).timeout(10_000);

  it("follows a claim of another machine only when its heartbeat has stopped", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    const journal = await store.create("s1", "/w");
    await journal.append([opened()], { sync: false });
    await journal.close();
    const lock = (await journalPath()).replace(/jsonl$/, "lock");
    await writeFile(lock, JSON.stringify({ ...(await ownClaim(store, lock)), machine: "elsewhere", token: "x" }));
    await assert.rejects(store.open("s1"), (error) => AppError.is(error, "in-use"));
    assert.equal((await store.list({ limit: 1 }))[0]?.inUse, true);
    const old = new Date(Date.now() - 60_000);
    await utimes(lock, old, old);
    await (await store.open("s1")).journal.close();
  });

  it("takes back a name whose session failed before its first event", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    await (await store.create("s1", "/w")).close();
    await (await store.create("s1", "/w")).close();
    await assert.rejects(store.open("s1"), (error) => AppError.is(error, "not-found"));
    const journal = await store.create("s1", "/v");
    await journal.append([opened()], { sync: false });
    assert.equal((await store.read("s1"))?.length, 1);
    await journal.close();
  });

  it("makes the name of a new journal durable before anything in it counts as durable", async () => {
    const calls: { folder: string; done: () => void }[] = [];
    const store = new FileSessionStore(join(home, "new"), {
      syncFolder: (folder) => new Promise((done) => calls.push({ folder, done })),
    });
    const journal = await store.create("s1", "/w");
    const folders = ["", "new", "new/sessions", `new/sessions/${workspaceKey("/w")}`].map((name) => join(home, name));
    assert.deepEqual(
      calls.map(({ folder }) => folder).sort(),
      folders.map((folder) => folder.replace(/\/$/, "")).sort(),
    );
    await journal.append([opened()], { sync: false });
    let synced = false;
    const writing = journal.append([note("kept")], { sync: true }).then(() => {
      synced = true;
    });
    // Written it is at once; what it waits for are the folders.
    const written = () => readFile(join(folders[3] ?? "", "s1.jsonl"), "utf8");
    while (!(await written()).includes("kept")) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const { done } of calls.slice(1)) done();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(!synced);
    calls[0]?.done();
    await writing;
    await journal.close();
  });

  it("says what to do when a journal can not be read", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    const journal = await store.create("s1", "/w");
    await journal.append([opened()], { sync: false });
    await journal.close();
    const path = await journalPath();
    const says = (error: unknown) =>
      AppError.is(error, "storage") && /can not be read/.test(error.message) && (error.next ?? "").includes(path);
    await rename(path, `${path}.aside`);
    await mkdir(path);
    await assert.rejects(store.read("s1"), says);
    await assert.rejects(store.open("s1"), says);
    await removeFolder(path);
    // A name that leads to itself stands for every folder that can not be looked into.
    await symlink(path, path);
    await assert.rejects(store.read("s1"), says);
  });

  it("repairs a before-image that was cut short", async () => {
    const journal = await new FileSessionStore(home).create("s1", "/w");
    const bytes = new TextEncoder().encode("before");
    const hash = await journal.putBlob(bytes);
    const path = join((await journalPath()).replace(/jsonl$/, "blobs"), hash);
    await writeFile(path, "bef");
    assert.equal(await journal.getBlob(hash), null);
    await journal.putBlob(bytes);
    assert.deepEqual(new Uint8Array((await journal.getBlob(hash)) ?? []), bytes);
    await journal.close();
  });

  it("takes away what a killed process left of before-images", async () => {
    const journal = await new FileSessionStore(home).create("s1", "/w");
    await journal.append([opened()], { sync: false });
    const kept = await journal.putBlob(Buffer.from("one"));
    await journal.close();
    const folder = (await journalPath()).replace(/jsonl$/, "blobs");
    const [left, young] = [temporaryIn(folder), temporaryIn(folder)];
    for (const path of [left, young]) await writeFile(path, "on");
    const longAgo = new Date(Date.now() - 2 * LEFTOVER_AFTER_MS);
    await utimes(left, longAgo, longAgo);
    const { journal: again } = await new FileSessionStore(home).open("s1");
    const next = await again.putBlob(Buffer.from("two"));
    await again.close();
    assert.deepEqual((await readdir(folder)).sort(), [kept, next, basename(young)].sort());
  });

  it("lets one of many that see a stale claim win", async () => {
    const store = new FileSessionStore(home, { claimWaitMs: 200 });
    const journal = await store.create("s1", "/w");
    await journal.append([opened()], { sync: false });
    await journal.close();
    const lock = (await journalPath()).replace(/jsonl$/, "lock");
    await writeFile(lock, JSON.stringify({ ...(await ownClaim(store, lock)), pid: 2 ** 22 + 1, token: "x" }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => store.open("s1")));
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
  }).timeout(10_000);
});
