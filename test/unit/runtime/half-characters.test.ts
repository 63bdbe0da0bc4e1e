/** Half a character in a model's words must not make every later request one that a server refuses. */
import assert from "node:assert/strict";
import { openTestSession, testTool } from "../../support/session-harness.ts";

describe("half characters of the model", () => {
  it("are told again as whole ones", async () => {
    const t = openTestSession({
      tools: [testTool({ name: "look" })],
      script: [
        { reasoning: "hm \ud83d", text: "a \ud800 b", calls: [{ name: "look", arguments: '{"what":"\udc00"}' }] },
        { text: "done" },
        { text: "again" },
      ],
    });
    await t.run("go");
    await t.run("on");
    const told = JSON.stringify(t.model.requests[2]?.input);
    assert.ok(told.isWellFormed());
    assert.doesNotMatch(told, /\\ud[89a-f]/i);
    assert.match(told, /a \ufffd b/);
    assert.match(told, /what\\":\\"\ufffd/);
  });
});
