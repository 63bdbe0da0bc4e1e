/** How turns end when they do not end well, and what goes before. */
import type { TurnError } from "../../../../src/protocol/items.ts";
import type { Scene, Script } from "../stage.ts";
import { cartDiff, edit, read, TASK } from "./material.ts";

function work(script: Script): Script {
  return script
    .turn(TASK)
    .says("I look at the cart first.")
    .tool("read_file", { path: "src/cart.ts" }, "Read src/cart.ts", read("src/cart.ts", 41));
}

function failing(error: TurnError, reason: "failed" | "limit" = "failed"): Scene {
  return {
    before: (script) => {
      work(script);
      script.add({ type: "turn.finished", reason, error, steps: 2, durationMs: 9_100 });
    },
  };
}

export const errorAuth = failing({
  class: "auth",
  message: "OpenAI refused the API key (401): Incorrect API key provided.",
  next: "Set another key, or select a model of another provider.",
});

export const errorNetwork = failing({
  class: "network",
  message: "The server at https://api.openai.com could not be reached (ECONNREFUSED), also not at the fifth try.",
  next: "Check the connection or the proxy, then continue: nothing that was done is lost.",
});

export const failedRequest = failing({
  class: "bad-request",
  message: "OpenAI does not know the model “gpt-5.9” (404).",
  next: "Select another model.",
});

export const limit = failing(
  {
    class: "unanswered",
    message: "The agent made the same call with the same result five times and nobody was there to ask.",
    next: "Continue to let it go on, or tell it what to do differently.",
  },
  "limit",
);

export const retrying: Scene = {
  before: (script) => {
    work(script);
    script.at = Date.now();
    script.add({
      type: "model.retrying",
      class: "overloaded",
      message: "OpenAI is overloaded (503).",
      attempt: 2,
      maxAttempts: 5,
      delayMs: 8_000,
    });
  },
};

export const interrupted: Scene = {
  interrupted: true,
  before: (script) => {
    work(script).tool("write_file", { path: "src/cart.ts" }, "Edit src/cart.ts", edit("src/cart.ts", cartDiff, 7, 3));
    const callId = script.request("execute", { command: "npm run migrate" }, "$ npm run migrate");
    script.response().start(callId);
  },
};
