import type { Clock } from "./logic/batcher.ts";

export const pageClock: Clock = {
  frame: (run) => requestAnimationFrame(run),
  later: (run) => setTimeout(run, 250),
  hidden: () => document.visibilityState === "hidden",
};
