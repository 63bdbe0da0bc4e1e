import type { Scene } from "../stage.ts";
import { answer, cartDiff, edit, failedOutput, ran, read, TASK, testOutput, thoughts } from "./material.ts";

export const finished: Scene = {
  before: (script) => {
    script
      .turn(TASK)
      .reasoning(thoughts)
      .says("I run the tests first, to see what fails.")
      .tool("execute", { command: "npm test" }, "$ npm test", ran("npm test", failedOutput, 1), 1_840)
      .tool("read_file", { path: "src/cart.ts" }, "Read src/cart.ts", read("src/cart.ts", 41))
      .tool("find", { pattern: "percent" }, "Find /percent/", {
        kind: "search",
        pattern: "percent",
        matches: 7,
        truncated: false,
      })
      .tool(
        "write_file",
        { path: "src/cart.ts", mode: "multi_edit" },
        "Edit src/cart.ts",
        edit("src/cart.ts", cartDiff, 7, 3),
        90,
      )
      .tool("execute", { command: "npm test" }, "$ npm test", ran("npm test", testOutput), 1_620)
      .says(answer)
      .response({ inputTokens: 14_870, outputTokens: 612 })
      .end("completed", 6, 38_200);
  },
};

export const streaming: Scene = {
  before: (script) => {
    script
      .turn("What does this project do?")
      .says("It is a small shop: articles, a cart with coupons, and a receipt.")
      .response()
      .end("completed", 1, 3_100);
  },
  play: async (stage) => {
    const { script } = stage;
    await stage.sleep(600);
    script.turn(TASK);
    stage.send();
    await stage.sleep(1_400);
    await stage.stream(thoughts, "reasoning", 300);
    await stage.stream("I run the tests first, to see what fails.");
    const callId = script.request("execute", { command: "npm test" }, "$ npm test");
    script.response();
    script.start(callId);
    stage.send();
    for (const line of testOutput.split("\n")) {
      script.add({ type: "tool.output", callId, chunk: `${line}\n` }, 0);
      stage.send();
      await stage.sleep(160);
      if (stage.stopped()) return;
    }
    script.finish(callId, "done", ran("npm test", testOutput), "", 2_400);
    stage.send();
    await stage.sleep(700);
    await stage.stream(`${answer}\n`.repeat(3));
    if (stage.stopped()) return;
    script.response();
    script.end("completed", 2, 14_000);
    stage.send();
  },
};
