/** Sizes at which panels usually break. */
import type { Scene } from "../stage.ts";
import { answer, cartDiff, edit, ran, read, testOutput } from "./material.ts";

const TURNS = 500;
const CALLS_PER_TURN = 17;

/** 500 turns with 20 entries each: 10,000 entries. */
export const long: Scene = {
  before: (script) => {
    for (let turn = 1; turn <= TURNS; turn++) {
      script.turn(`Task ${turn}: look at module ${turn} and tidy it up`);
      script.reasoning(`Module ${turn} is one of many.`);
      for (let call = 1; call <= CALLS_PER_TURN; call++) {
        const path = `src/module-${turn}/part-${call}.ts`;
        if (call % 8 === 3) script.tool("write_file", { path }, `Edit ${path}`, edit(path, cartDiff, 7, 3));
        else if (call % 8 === 6)
          script.tool("execute", { command: "npm test" }, "$ npm test", ran("npm test", testOutput));
        else script.tool("read_file", { path }, `Read ${path}`, read(path, 40 + call));
      }
      script
        .says(turn % 5 === 0 ? answer : `Module ${turn} is tidy now.`)
        .response()
        .end();
    }
  },
};

/** One turn of 5,000 entries. */
export const longTurn: Scene = {
  before: (script) => {
    script.turn("Go through all files");
    for (let call = 1; call <= 4_998; call++) {
      const path = `src/part-${call}.ts`;
      script.tool("read_file", { path }, `Read ${path}`, read(path, 40));
    }
    script.says("All read.").response().end();
  },
};

/** One answer of 100 kB, streamed fast. */
export const longAnswer: Scene = {
  play: async (stage) => {
    const { script } = stage;
    script.turn("Write a very long answer");
    stage.send();
    await stage.sleep(300);
    await stage.stream(`${answer}\n`.repeat(Math.ceil(100_000 / answer.length)), "assistant_message", 20_000);
    script.response();
    script.end("completed", 1, 9_000);
    stage.send();
  },
};
