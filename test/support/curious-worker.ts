/** Takes the interpreter's place in its process, and tells what Node itself would let it do there. */
import fs from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { lockDown } from "../../src/scripting/python/child/lock-down.ts";

const { process, fetch } = globalThis;
const { preludePath: secret } = workerData as { preludePath: string };
const attempts: Record<string, () => unknown> = {
  environment: () => Object.keys(process.env).length > 0,
  read: () => fs.readFileSync(secret),
  list: () => fs.readdirSync("/"),
  write: () => fs.writeFileSync(`${secret}.new`, "x") ?? true,
  execute: () => process.getBuiltinModule("child_process").execFileSync("id"),
  // biome-ignore lint/security/noGlobalEval: whether it runs is the question.
  text: () => globalThis.eval("1"),
  code: () => new Function("return 1")(),
  inspector: () => new (process.getBuiltinModule("inspector").Session)().connect(),
  thread: () => new (process.getBuiltinModule("worker_threads").Worker)("1", { eval: true, execArgv: [] }),
  global: () => (globalThis as { process?: unknown }).process ?? (fetch === undefined ? true : globalThis.fetch),
};
lockDown();
const done = Object.keys(attempts).filter((name) => {
  try {
    const value = attempts[name]?.();
    return value !== undefined && value !== false;
  } catch {
    return false;
  }
});
parentPort?.postMessage({ kind: "ended", cause: `possible: ${done.join(" ")}` });
