import assert from "node:assert/strict";
import { chmod, mkdtemp, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileCacheFolder } from "../../../src/node/compile-cache.ts";
import { removeFolder } from "../../support/remove-folder.ts";

describe("the folder of compiled code", () => {
  let temporary: string;
  const before = process.env.TMPDIR;

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), "codepilot-cc-"));
    process.env.TMPDIR = temporary;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await removeFolder(temporary);
  });

  it("is this user's alone, and stays", async () => {
    const folder = await compileCacheFolder();
    assert.ok(folder);
    assert.ok(folder.startsWith(temporary));
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal(await compileCacheFolder(), folder);
  });

  it("is not used when others can get into it, or when it is a link to elsewhere: what lies in it is run", async () => {
    const folder = await compileCacheFolder();
    assert.ok(folder);
    await chmod(folder, 0o755);
    assert.equal(await compileCacheFolder(), undefined);
    await removeFolder(folder);
    await symlink(await mkdtemp(join(temporary, "elsewhere-")), folder);
    assert.equal(await compileCacheFolder(), undefined);
  });

  it("is done without where none can be made", async () => {
    process.env.TMPDIR = join(temporary, "missing");
    assert.equal(await compileCacheFolder(), undefined);
  });
});
