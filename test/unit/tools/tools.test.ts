import assert from "node:assert/strict";
import * as z from "zod";
import { toolbox } from "../../support/toolbox.ts";

describe("the codepilot tools", () => {
  it("are these, in this order", async () => {
    await using box = await toolbox();
    assert.deepEqual(
      box.tools.map((tool) => [tool.name, tool.parallelSafe]),
      [
        ["read_file", true],
        ["write_file", false],
        ["find", true],
        ["execute", false],
        ["read_output", true],
        ["send_input", false],
        ["terminate_terminal", false],
        ["ask_user", false],
      ],
    );
  });

  it("are offered with small schemas that explain every argument", async () => {
    await using box = await toolbox();
    for (const tool of box.tools) {
      const schema = z.toJSONSchema(tool.input, { io: "input" });
      assert.equal(schema.type, "object", tool.name);
      assert.equal(schema.additionalProperties, false, tool.name);
      const text = JSON.stringify(schema);
      assert(text.length < 1_800, `${tool.name}: ${text.length}`);
      assert.doesNotMatch(text, /9007199254740991|"null"/);
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        assert(typeof property === "object" && property.description, `${tool.name}.${name}`);
      }
    }
  });

  describe("ask_user", () => {
    const ask = { question: "Which port?", choices: ["80", "8080"] };

    it("brings the answer", async () => {
      await using box = await toolbox();
      const asked: unknown[] = [];
      const questions = {
        ask: async (question: unknown) => {
          asked.push(question);
          return { kind: "answered" as const, text: "8080" };
        },
      };
      const result = await box.call("ask_user", ask, { questions });
      assert.deepEqual(result, { status: "done", output: "[ask_user] Answer: 8080" });
      assert.deepEqual(asked, [{ text: "Which port?", choices: ["80", "8080"] }]);
    });

    it("tells the model what to do when nobody answers", async () => {
      await using box = await toolbox();
      const result = await box.call("ask_user", { question: "?" });
      assert.equal(result.status, "failed");
      assert.match(result.output, /Nobody answered\. Go on with/);
      const stopped = await box.call("ask_user", { question: "?" }, { signal: AbortSignal.abort() });
      assert.equal(stopped.status, "cancelled");
    });
  });
});
