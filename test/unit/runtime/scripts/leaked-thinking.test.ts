/** A draft in thinking that the server left in the text: it does not run, and is kept as the thinking that it was. */
import assert from "node:assert/strict";
import { openPythonSession, reply } from "../../../support/python-session.ts";

const draft = reply({ words: "I could do this.", code: 'write_file("a.txt")', files: [["a.txt", "draft\n"]] });

async function itemsOf(script: readonly string[]) {
  await using session = await openPythonSession({}, script);
  await session.runtime.run("go");
  const entries = session.runtime.state.turns.at(-1)?.entries ?? [];
  return {
    items: entries.flatMap((entry) => (entry.kind === "item" ? [entry.item] : [])).slice(1),
    scripts: session.scripts().map(({ source }) => source),
    streaming: session.runtime.state.streaming,
  };
}

describe("thinking that a server left in a reply", () => {
  it("is stored as thinking, and nothing of it runs", async () => {
    const { items, scripts, streaming } = await itemsOf([`${draft}No.\n</think>\n\nShall I?`]);
    assert.deepEqual(scripts, []);
    assert.deepEqual(streaming, []);
    assert.deepEqual(
      items.map(({ kind, text }) => [kind, text]),
      [
        ["reasoning", `${draft}No.`],
        ["assistant_message", "Shall I?"],
      ],
    );
    assert.ok(items.every((item) => !("blocks" in item)));
  });

  it("does not keep the answer's program from running", async () => {
    const answer = reply({ code: 'print("real")', completion: "Done." });
    const { items, scripts } = await itemsOf([`<think>\n${draft}</think>\n${answer}`]);
    assert.deepEqual(scripts, ['print("real")\n']);
    const [thinking, message] = items;
    assert.equal(thinking?.kind === "reasoning" && thinking.text, draft.trim());
    assert.equal(message?.kind === "assistant_message" && message.blocks?.length, 2);
    assert.equal(message?.text, answer);
  });

  it("is no answer when nothing follows it", async () => {
    const { items, scripts } = await itemsOf([`${draft}</think>\n`, "Hello."]);
    assert.deepEqual(scripts, []);
    assert.deepEqual(
      items.map(({ text }) => text),
      ["Hello."],
    );
  });
});
