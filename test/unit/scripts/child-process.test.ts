/** What keeps test runs from hanging and from leaving processes behind. */
import assert from "node:assert/strict";
import { newMarker, run, sweep } from "../../../scripts/child-process.ts";

const onLinux = process.platform === "linux";

describe("scripts: run", () => {
  it("returns code and output of a command", async () => {
    const result = await run(process.execPath, ["-e", "console.log('out'); console.error('err'); process.exit(3)"], {
      output: "keep",
    });
    assert.equal(result.code, 3);
    assert.match(result.output, /out/);
    assert.match(result.output, /err/);
  });

  it("answers 127 for a command that does not exist", async () => {
    const result = await run("no-such-command-anywhere", [], { output: "keep" });
    assert.equal(result.code, 127);
  });

  it("passes on lines, the last one without its end too", async () => {
    const lines: string[] = [];
    await run(process.execPath, ["-e", "process.stdout.write('a\\nb')"], { onLine: (line) => lines.push(line) });
    assert.deepEqual(lines, ["a", "b"]);
  });

  it("ends a command with its children at the time limit", async function () {
    if (!onLinux) this.skip();
    const marker = newMarker();
    const script = "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' }); setInterval(() => {}, 1000)";
    const result = await run(process.execPath, ["-e", script], { output: "keep", timeLimitMs: 500, marker });
    assert.equal(result.code, 124);
    assert.equal(result.timedOut, true);
    assert.deepEqual(await sweep(marker, 1_000), []);
  });
});

describe("scripts: sweep", () => {
  it("ends what left the process group, and names it", async function () {
    if (!onLinux) this.skip();
    const marker = newMarker();
    const script = "require('child_process').spawn('sleep', ['61'], { detached: true, stdio: 'ignore' }).unref()";
    await run(process.execPath, ["-e", script], { output: "keep", marker });
    const left = await sweep(marker, 0);
    assert.equal(left.length, 1);
    assert.match(left[0] ?? "", /sleep 61/);
    assert.deepEqual(await sweep(marker, 1_000), []);
  });
});
