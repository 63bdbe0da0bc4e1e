/** Changes that other processes make to sessions. */
import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workspaceKey } from "../../../src/node/stores/file-session-store.ts";
import { watchSessions } from "../../../src/node/stores/watch-sessions.ts";
import { removeFolder } from "../../support/remove-folder.ts";

describe("watching sessions", () => {
  let home: string;
  let folder: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "codepilot-watch-"));
    folder = join(home, "sessions", workspaceKey("/w"));
  });
  afterEach(() => removeFolder(home));

  function watching() {
    const waiting: ((id: string) => void)[] = [];
    const seen: string[] = [];
    const watcher = watchSessions(home, ["/w"], (id) => {
      seen.push(id);
      for (const resolve of waiting.splice(0)) resolve(id);
    });
    return { watcher, seen, next: () => new Promise<string>((resolve) => waiting.push(resolve)) };
  }

  it("hears of a journal that is made, written to and removed", async () => {
    await mkdir(folder, { recursive: true });
    const { watcher, next } = watching();
    const path = join(folder, "s1.jsonl");
    for (const act of [() => writeFile(path, "a\n"), () => appendFile(path, "b\n"), () => unlink(path)]) {
      const heard = next();
      await act();
      assert.equal(await heard, "s1");
    }
    watcher.dispose();
  });

  it("hears of a claim that comes or goes, not of its heartbeat", async () => {
    await mkdir(folder, { recursive: true });
    const lock = join(folder, "s1.lock");
    await writeFile(lock, "x");
    const { watcher, next, seen } = watching();
    const heard = next();
    await utimes(lock, new Date(), new Date());
    await writeFile(join(folder, "s2.jsonl"), "");
    assert.equal(await heard, "s2");
    const gone = next();
    await unlink(lock);
    await gone;
    assert.ok(seen.includes("s1"));
    watcher.dispose();
  });

  it("hears of the first session of a folder", async () => {
    await mkdir(join(home, "sessions"));
    const { watcher, next } = watching();
    const made = next();
    await mkdir(folder);
    await made;
    const heard = next();
    await writeFile(join(folder, "s1.jsonl"), "");
    assert.equal(await heard, "s1");
    watcher.dispose();
  });

  it("does without where there is nothing to watch", () => {
    watching().watcher.dispose();
  });
});
