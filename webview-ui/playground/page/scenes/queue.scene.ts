import type { Scene, Script } from "../stage.ts";
import { read, TASK } from "./material.ts";

function queue(script: Script): void {
  script
    .turn(TASK)
    .says("I look at the cart first.")
    .tool("read_file", { path: "src/cart.ts" }, "Read src/cart.ts", read("src/cart.ts", 41));
  script.add({
    type: "message.queued",
    messageId: script.id("message"),
    input: { text: "Leave the coupon type as it is, other services use it." },
    mode: "steer",
  });
  for (const text of ["Then write a test for coupons above 100 %", "And add both to the changelog, please"]) {
    script.add({ type: "message.queued", messageId: script.id("message"), input: { text }, mode: "queue" });
  }
}

export const queued: Scene = { before: queue };

export const queueHeld: Scene = {
  before: (script) => {
    queue(script);
    script.end("interrupted", 2, 7_300);
  },
};
