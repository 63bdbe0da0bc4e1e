/** Ending a program where no marker tells its end: in a shell of another kind, and begun behind the shell's back. */
import assert from "node:assert/strict";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

describe("a program without markers", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  beforeEach(async () => {
    t = await testTerminals({ shell: "sh" });
  });
  afterEach(() => t.close());

  it("is ended by the person or by an abort, and its shell stays", async () => {
    const { pid } = await t.command("true");
    const waited = t.command("sleep 100", { timeoutMs: 8_000, commandId: "waited" });
    await eventually("it runs", () => t.terminals.list()[0]?.commandId === "waited");
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await t.terminals.interrupt({ terminal: "main", commandId: "waited", by: "person" }), "interrupted");
    const result = await waited;
    assert.deepEqual([result.status, result.endedBy], ["unknown", "person"]);

    const abort = new AbortController();
    const aborted = t.command("trap '' INT; sleep 100", {
      timeoutMs: 8_000,
      commandId: "aborted",
      signal: abort.signal,
    });
    await eventually("it runs", () => t.terminals.list()[0]?.commandId === "aborted");
    await new Promise((resolve) => setTimeout(resolve, 100));
    abort.abort();
    assert.equal((await aborted).status, "unknown");

    const left = await t.command("sleep 100", { timeoutMs: 300 });
    assert.equal(left.status, "unknown");
    assert.equal(await t.terminals.interrupt({ terminal: "main" }), "interrupted");
    const after = await t.command("echo alive $$");
    assert.deepEqual([after.pid, after.output.text.includes(`alive ${pid}`)], [pid, true], after.output.text);
  });
});
