/**
 * The first script of the page. It asks the host for the session at once, so that the answer comes while the panel's own
 * code is still being read, and keeps what comes until the panel listens (bridge.ts).
 */
import type { EarlyBridge } from "./early-bridge.ts";

const api = acquireVsCodeApi();
const waiting: unknown[] = [];
const early: EarlyBridge = { api, receive: (data) => waiting.push(data), waiting };
window.addEventListener("message", ({ data }: MessageEvent<unknown>) => early.receive(data));
globalThis.codepilotEarly = early;
api.postMessage({ type: "ready" });
