/**
 * The thread that computes: Pyodide in a V8 context of its own, inside a process that may do nothing. It talks in
 * strings with the main thread of the process, and waits without using the processor.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { lockDown } from "./lock-down.ts";
import { type Realm, type RealmOptions, setUpRealm } from "./realm.ts";
import { snapshotHeaderBytes, snapshotMagic, type WorkerInput, type WorkerMessage } from "./worker-messages.ts";

const input = workerData as WorkerInput;
const main = parentPort as MessagePort;
const wakeUps = new Int32Array(input.wakeUps);

/** Boot leaves tens of megabytes of garbage behind that the collector would not feel pressed to take. */
setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;
setFlagsFromString("--no-expose-gc");

const send = (message: WorkerMessage): void => main.postMessage(message);

/** The next message of the main thread, however long it takes. */
function receive(): string {
  for (;;) {
    const seen = Atomics.load(wakeUps, 0);
    const received = receiveMessageOnPort(input.commands);
    if (received) return received.message as string;
    Atomics.wait(wakeUps, 0, seen);
  }
}

function host(operation: string, text: string): string {
  if (typeof operation !== "string" || typeof text !== "string") throw new TypeError("only text goes through");
  if (operation === "post") {
    send({ kind: "post", text });
    return "";
  }
  send(operation === "next" ? { kind: "idle" } : { kind: "ask", text });
  return receive();
}

const context = vm.createContext(vm.constants.DONT_CONTEXTIFY as unknown as vm.Context, {
  codeGeneration: { strings: false, wasm: true },
  name: "python",
});
const evaluate = (source: string, filename: string): unknown =>
  new vm.Script(source, { filename }).runInContext(context);
const options: RealmOptions = { memoryLimitBytes: input.memoryLimitBytes, bootClockMs: 1_735_689_600_000 };
const realm = (evaluate(`"use strict";(${setUpRealm})`, "realm.js") as typeof setUpRealm)(host, options);

/** The two scripts of Pyodide, as scripts: no `import()` and no `import.meta` in them, and they evaluate to a function. */
function loadScripts(): { createModule: unknown; loadPyodide: unknown } {
  const read = (name: string): string => readFileSync(join(input.pyodideFolder, name), "utf8");
  const plain = (source: string): string =>
    source.replaceAll("import.meta.url", '"/pyodide.asm.mjs"').replace(/\bimport\(/g, "__import(");
  const refuse = 'const __import=()=>Promise.reject(new Error("there are no modules"));';
  const module = plain(read("pyodide.asm.mjs"))
    .replace("var initRandomFill=()=>{", "$&return view=>crypto.getRandomValues(view);")
    .replace(/var getHeapMax=\(\)=>\d+/, `var getHeapMax=()=>${input.memoryLimitBytes}`)
    .replace("export default _createPyodideModule;", "return _createPyodideModule;");
  const loader = plain(read("pyodide.mjs")).replace(/export\{(\w+) as loadPyodide,[^}]*\};?/, "return $1;");
  // How Pyodide tells that it is in a bare shell.
  const shell = "globalThis.read??=()=>'';globalThis.load??=()=>{};";
  return {
    createModule: evaluate(`(()=>{${shell}${refuse}${module}\n})()`, "pyodide.asm.js"),
    loadPyodide: evaluate(`(()=>{${refuse}${loader}\n})()`, "pyodide.js"),
  };
}

/** A whole file as an array of the context, so that it need not be copied into it. */
function readInto(target: Realm, path: string, skipBytes = 0): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = target.allocate(fstatSync(file).size - skipBytes);
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(file, bytes, at, bytes.length - at, skipBytes + at);
      if (count === 0) throw new Error(`${path} became shorter`);
      at += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** Null for a file that is missing, cut off or not what was written. */
function readSnapshot(path: string): Uint8Array | null {
  try {
    const header = new Uint8Array(snapshotHeaderBytes);
    const file = openSync(path, "r");
    try {
      readSync(file, header, 0, header.length, 0);
    } finally {
      closeSync(file);
    }
    if (!Buffer.from(header.subarray(0, 8)).equals(Buffer.from(snapshotMagic))) return null;
    const bytes = readInto(realm, path, snapshotHeaderBytes);
    const digest = createHash("sha256").update(bytes).digest();
    return digest.equals(header.subarray(8, 40)) ? bytes : null;
  } catch {
    return null;
  }
}

/** The snapshot's bytes when this boot is to make one. In a function, so that nothing holds on to the files read. */
async function boot(): Promise<void> {
  const snapshot = input.snapshotPath === null ? null : readSnapshot(input.snapshotPath);
  const { createModule, loadPyodide } = loadScripts();
  const { info } = JSON.parse(readFileSync(join(input.pyodideFolder, "pyodide-lock.json"), "utf8")) as {
    info: unknown;
  };
  await realm.boot(createModule, loadPyodide, {
    wasm: readInto(realm, join(input.pyodideFolder, "pyodide.asm.wasm")),
    standardLibrary: readInto(realm, join(input.pyodideFolder, "python_stdlib.zip")),
    lockFile: JSON.stringify({ info, packages: {} }),
    snapshot,
    prelude: snapshot === null ? readFileSync(input.preludePath, "utf8") : "",
  });
  if (snapshot === null && input.makeSnapshot) sendSnapshot();
}

/** Before any code of a model: what is kept is what every task starts from. */
function sendSnapshot(): void {
  const image = realm.snapshot();
  const bytes = new Uint8Array(snapshotHeaderBytes + image.length);
  bytes.set(Buffer.from(snapshotMagic), 0);
  bytes.set(image, snapshotHeaderBytes);
  bytes.set(createHash("sha256").update(bytes.subarray(snapshotHeaderBytes)).digest(), 8);
  main.postMessage({ kind: "snapshot", bytes } satisfies WorkerMessage, [bytes.buffer]);
}

await boot();
collect();
lockDown();
send({ kind: "ended", cause: realm.serve() });
