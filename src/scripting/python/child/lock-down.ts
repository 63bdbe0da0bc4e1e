/**
 * Takes away what the thread of an interpreter needs no more once it has booted. The context that programs run in has
 * none of it anyway: this is for somebody who found a way out of that context that we know nothing of.
 */
import { syncBuiltinESMExports } from "node:module";
import workerThreads from "node:worker_threads";

const KEPT = new Set(["globalThis", "undefined", "isNaN", "isFinite", "parseInt", "parseFloat"]);
const ALSO = ["WebSocket", "EventSource", "Worker", "BroadcastChannel", "MessageChannel", "Navigator", "Buffer"];

export function lockDown(): void {
  // A new thread could be started with other flags, which would undo the permission model for it.
  Reflect.deleteProperty(workerThreads, "Worker");
  syncBuiltinESMExports();
  // Newer versions of Node can give up what they were allowed.
  const { permission } = process as unknown as { permission?: { drop?: (scope: string) => void } };
  for (const scope of ["worker", "fs.read"]) {
    try {
      permission?.drop?.(scope);
    } catch {
      // A version with other words for it: what is left is what older versions have.
    }
  }
  const powers = Object.getOwnPropertyNames(globalThis).filter((name) => /^[a-z]/.test(name) && !KEPT.has(name));
  for (const name of [...powers, ...ALSO]) Reflect.deleteProperty(globalThis, name);
}
