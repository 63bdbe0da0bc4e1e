import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { claimWriter, isClaimed } from "../../../../src/node/stores/writer-claim.ts";
import { fileTree } from "../../../support/temp-workspace.ts";
import { eventually } from "../../../support/terminals.ts";

describe("the claim of a writer", () => {
  it("is held by one at a time, and free again when it is released", async () => {
    await using folder = await fileTree();
    const claim = await claimWriter(folder.path("claim"));
    assert.equal(await claimWriter(folder.path("claim")), null);
    await claim?.release();
    assert.equal(await isClaimed(folder.path("claim")), false);
  });

  it("of a process that is dead but not reaped counts as free", async function () {
    if (process.platform !== "linux") this.skip();
    await using folder = await fileTree();
    // A parent that never waits for its child.
    const parent = spawn("sh", ["-c", "sleep 0.01 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [said] = (await parent.stdout.take(1).toArray()) as Buffer[];
      const pid = Number(said?.toString());
      const stat = () => readFile(`/proc/${pid}/stat`, "utf8");
      const start = (await stat()).split(") ")[1]?.split(" ")[19];
      await eventually("the child is a zombie", async () => (await stat()).includes(") Z "));
      const own = await claimWriter(folder.path("claim"));
      const held = JSON.parse(await folder.read("claim"));
      await own?.release();
      await writeFile(folder.path("claim"), JSON.stringify({ ...held, pid, start }));
      assert.equal(await isClaimed(folder.path("claim")), false);
      const taken = await claimWriter(folder.path("claim"));
      assert.notEqual(taken, null);
      await taken?.release();
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
