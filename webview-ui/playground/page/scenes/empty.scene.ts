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

/** A session that was opened again and never had a task. */
export const emptyWithNotice: Scene = {
  before: (script) => {
    script.add({
      type: "notice.raised",
      level: "warning",
      code: "journal-incomplete",
      message: "A part of what was kept of this session could not be read: line 2 is not JSON.",
      next: "The rest is whole, and the session can go on. All that was left out is listed in the log.",
    });
  },
};

/** A finished task of which the model has a summary only. */
export const archived: Scene = {
  before: (script) => {
    script.turn(TASK);
    const { turnId } = script;
    script
      .tool("execute", { command: "npm test" }, "$ npm test", ran("npm test", testOutput), 1_840)
      .says("The tests pass now.")
      .response()
      .end();
    script.turn("Put that away and tell me what the cart module does");
    const summary = "Coupons in src/cart.ts divide by 100 and round to whole cents; adding an article twice adds up.";
    script.add({ type: "context.archived", taskId: turnId, position: 1, summary });
    script.says("It sums lines and takes coupons off.").response().end();
  },
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
