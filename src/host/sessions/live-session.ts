/** One agent session that is alive in this window: a runtime, and where it came from. */
import type { Runtime } from "../../embed/runtime.ts";
import type { SessionSummary } from "../../protocol/webview.ts";

export interface LiveSession {
  readonly runtime: Runtime;
  /** `panel`: of the chat view. `task`: of a task terminal, which ends it. */
  readonly origin: "panel" | "task";
}

export function isRunning({ runtime }: LiveSession): boolean {
  const { phase } = runtime.state;
  return phase !== "idle" && phase !== "interrupted";
}

export function summaryPhase({ runtime }: LiveSession): SessionSummary["phase"] {
  const { phase } = runtime.state;
  if (phase === "awaiting-permission" || phase === "awaiting-answer") return "needs-you";
  if (phase === "idle" || phase === "interrupted") return phase;
  return "running";
}
