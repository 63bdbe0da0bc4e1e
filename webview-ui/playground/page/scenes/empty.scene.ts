import { FOLDER, type Scene } from "../stage.ts";
import { answer, ran, read, TASK, testOutput } from "./material.ts";

const hour = 3_600_000;

export const empty: Scene = {
  noSession: true,
  environment: {
    recent: [
      {
        sessionId: "a",
        title: "Run the tests and fix what fails",
        updatedAt: Date.now() - 4 * 60_000,
        phase: "needs-you",
      },
      { sessionId: "b", title: "Explain how coupons are applied", updatedAt: Date.now() - 3 * hour, phase: "idle" },
      {
        sessionId: "c",
        title: "Move the price list to SQLite",
        updatedAt: Date.now() - 50 * hour,
        phase: "interrupted",
      },
    ],
  },
};

export const emptyWithoutKey: Scene = {
  noSession: true,
  environment: {
    modelReady: false,
    modelProblem: "OpenAI has no API key yet. Set one, or select a model that needs none.",
  },
};

export const emptyNoFolder: Scene = {
  noSession: true,
  environment: { folders: [], trusted: false },
};

export const demo: Scene = {
  environment: {
    demo: true,
    model: "demo/scripted",
    modelLabel: "Demo (scripted)",
    folders: [{ name: "shop", path: FOLDER }],
  },
  before: (script) => {
    script
      .turn(TASK)
      .says("I run the tests first.")
      .tool("execute", { command: "npm test" }, "$ npm test", ran("npm test", testOutput), 1_840)
      .tool("read_file", { path: "src/cart.ts" }, "Read src/cart.ts", read("src/cart.ts", 41))
      .says(answer)
      .response()
      .end();
  },
};
