/**
 * What runs beside Pyodide in its own V8 context: the few host objects it needs, made there and from nothing.
 *
 * `setUpRealm` is never called here. The worker hands its *text* to the context, so that every object it makes
 * belongs to that context: it must not refer to anything outside itself. Python code may be assumed to reach every
 * object of the context, and none of them leads out: `host` is the one function of another context, it stays in
 * closures, takes and gives strings only, and what it throws is caught here.
 */

/** `post` sends a message; `ask` sends one and waits for the answer; `next` waits for the next command. */
export type HostFunction = (operation: string, text: string) => string;

export interface RealmOptions {
  readonly memoryLimitBytes: number;
  /** The clock while it boots, epoch milliseconds: whatever modules remember of it is the same in every process. */
  readonly bootClockMs: number;
}

export interface RealmFiles {
  readonly wasm: Uint8Array;
  readonly standardLibrary: Uint8Array;
  readonly lockFile: string;
  readonly snapshot: Uint8Array | null;
  /** Python source of the module `_codepilot`; empty when the snapshot holds it. */
  readonly prelude: string;
}

export interface Realm {
  /** An array of this context, for the worker to fill before any code of a model runs. */
  allocate(sizeBytes: number): Uint8Array;
  /** `createModule` and `loadPyodide` are what the two scripts of Pyodide evaluate to. */
  boot(createModule: unknown, loadPyodide: unknown, files: RealmFiles): Promise<void>;
  /** The booted interpreter's memory. */
  snapshot(): Uint8Array;
  /** Serves commands until the interpreter is gone; gives the cause. Nothing else may be called after it. */
  serve(): string;
}

export function setUpRealm(host: HostFunction, options: RealmOptions): Realm {
  type Grow = (this: { buffer: ArrayBuffer }, pages: number) => number;
  interface Stream {
    tty?: unknown;
    seekable?: boolean;
  }
  interface FileSystem {
    makedev(major: number, minor: number): number;
    registerDevice(device: number, operations: object): void;
    mkdev(path: string, device: number): void;
    createDevice: { major: number };
    writeFile(path: string, text: string): void;
    unlink(path: string): void;
  }
  interface Pyodide {
    runPython(source: string): unknown;
    makeMemorySnapshot(): Uint8Array;
    FS: FileSystem;
    _api: { config: Record<string, unknown> };
    _module: Record<string, unknown>;
  }

  const scope = globalThis as unknown as Record<string, unknown>;
  const NativeDate = Date;
  const NativeError = Error;
  const fix = (target: object, name: string, value: unknown): void => {
    Object.defineProperty(target, name, { value, writable: false, configurable: false, enumerable: false });
  };
  /** Text that went to a console: the only trace of a boot that failed. */
  let complaints = "";
  const complain = (...parts: unknown[]): void => {
    if (complaints.length < 4_000) complaints += `${parts.map((part) => `${part}`).join(" ")}\n`;
  };

  // A stack trace that Python's side could format itself would show it the callers' functions.
  fix(Error, "prepareStackTrace", undefined);
  fix(scope, "Error", Error);

  let clockMs = options.bootClockMs;
  let startMs = clockMs;
  /** Time stands still between messages; a reading moves it by one microsecond, so that it is never the same twice. */
  const readClock = (): number => {
    clockMs += 0.001;
    return clockMs;
  };
  class VirtualDate extends NativeDate {
    constructor(...parts: unknown[]) {
      if (parts.length === 0) super(Math.floor(readClock()));
      else super(...(parts as [number]));
    }
    static override now(): number {
      return readClock();
    }
  }
  scope.Date = VirtualDate;
  scope.performance = { now: () => readClock() - startMs };

  /** sfc32 over a hash of the seed. Not secret, and not meant to be: the same seed gives the same task. */
  let randomState: [number, number, number, number] = [1, 2, 3, 4];
  const nextRandom = (): number => {
    let [a, b, c, d] = randomState;
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    randomState = [a | 0, b | 0, c | 0, d | 0];
    return sum >>> 0;
  };
  const seedRandom = (seed: string): void => {
    const parts: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1];
    for (let index = 0; index < seed.length; index += 1) {
      for (let part = 0; part < 3; part += 1) {
        parts[part] = Math.imul((parts[part] ?? 0) ^ (seed.charCodeAt(index) + part), 0x01000193 + 2 * part);
      }
    }
    randomState = parts;
    for (let round = 0; round < 16; round += 1) nextRandom();
  };
  seedRandom("");
  scope.crypto = {
    getRandomValues(view: Uint8Array): Uint8Array {
      for (let index = 0; index < view.length; index += 1) view[index] = nextRandom() & 0xff;
      return view;
    },
  };

  class Utf8Encoder {
    encode(text = ""): Uint8Array {
      const bytes = new Uint8Array(text.length * 3);
      return bytes.slice(0, this.encodeInto(text, bytes).written);
    }
    encodeInto(text: string, bytes: Uint8Array): { read: number; written: number } {
      let written = 0;
      for (const character of text) {
        let code = character.codePointAt(0) ?? 0;
        if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
        if (code < 0x80) bytes[written++] = code;
        else if (code < 0x800) {
          bytes[written++] = 0xc0 | (code >> 6);
          bytes[written++] = 0x80 | (code & 63);
        } else if (code < 0x10000) {
          bytes[written++] = 0xe0 | (code >> 12);
          bytes[written++] = 0x80 | ((code >> 6) & 63);
          bytes[written++] = 0x80 | (code & 63);
        } else {
          bytes[written++] = 0xf0 | (code >> 18);
          bytes[written++] = 0x80 | ((code >> 12) & 63);
          bytes[written++] = 0x80 | ((code >> 6) & 63);
          bytes[written++] = 0x80 | (code & 63);
        }
      }
      return { read: text.length, written };
    }
  }
  class Decoder {
    readonly #label: string;
    constructor(label = "utf-8") {
      this.#label = label.toLowerCase();
    }
    decode(view?: ArrayBufferView | ArrayBuffer): string {
      if (view === undefined) return "";
      const bytes = view instanceof Uint8Array ? view : bytesOf(view);
      if (this.#label === "utf-16le") {
        const units = new Uint16Array(bytes.length >> 1);
        for (let index = 0; index < units.length; index += 1) {
          units[index] = (bytes[2 * index] ?? 0) | ((bytes[2 * index + 1] ?? 0) << 8);
        }
        return textOf(units);
      }
      return this.#label === "utf-8" || this.#label === "utf8" ? utf8(bytes) : textOf(bytes);
    }
  }
  const bytesOf = (data: ArrayBufferView | ArrayBuffer): Uint8Array =>
    ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  const textOf = (units: Uint8Array | Uint16Array): string => {
    let text = "";
    for (let at = 0; at < units.length; at += 8_192) {
      text += String.fromCharCode.apply(null, units.subarray(at, at + 8_192) as unknown as number[]);
    }
    return text;
  };
  const utf8 = (bytes: Uint8Array): string => {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const first = bytes[at++] ?? 0;
      if (first < 0x80) {
        text += String.fromCharCode(first);
        continue;
      }
      const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
      let code = first & (0x3f >> more);
      for (let count = 0; count < more && ((bytes[at] ?? 0) & 0xc0) === 0x80; count += 1) {
        code = (code << 6) | ((bytes[at++] ?? 0) & 63);
      }
      text += code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    }
    return text;
  };
  scope.TextEncoder = Utf8Encoder;
  scope.TextDecoder = Decoder;

  scope.console = { log: complain, info: complain, warn: complain, error: complain, debug: complain, trace: complain };
  // Nothing runs in this context but one call that lasts as long as the interpreter, so no timer could ever fire.
  scope.setTimeout = () => 0;
  scope.clearTimeout = () => undefined;
  scope.setInterval = () => 0;
  scope.clearInterval = () => undefined;

  // Two paths through Pyodide less, and the same ones on every version of Node.
  const wasm = scope.WebAssembly as Record<string, unknown> & { Memory: { prototype: { grow: Grow } } };
  delete wasm.Suspending;
  delete wasm.promising;
  delete wasm.SuspendError;
  const { prototype } = wasm.Memory;
  const { grow } = prototype;
  const { apply } = Reflect;
  fix(prototype, "grow", function (this: { buffer: ArrayBuffer }, pages: number): number {
    const more = Math.floor(Number(pages));
    if (!(more >= 0 && this.buffer.byteLength + more * 65_536 <= options.memoryLimitBytes)) {
      throw new RangeError("memory limit");
    }
    return apply(grow, this, [more]);
  });

  const exchange = (operation: string, text: string): string => {
    let answer: string;
    try {
      answer = `${host(operation, text)}`;
    } catch {
      // What the other side throws is an object of its context: it goes no further.
      throw new NativeError("the connection of the interpreter is gone");
    }
    return answer;
  };

  /** The answer being read, and how much of it has been. It follows its length, ten digits wide. */
  let pending = "";
  let consumed = 0;
  /** Commands and answers start with a line for the clock (a time, or `+` and how far it moves), and a new task's seed. */
  const accept = (message: string): void => {
    const end = message.indexOf("\n");
    const [time, isNew, seed] = message.slice(0, end).split(" ");
    const nowMs = Number(time);
    if (isNew === "new") {
      clockMs = nowMs;
      startMs = nowMs - 1_000;
      seedRandom(seed ?? "");
    } else if (time?.startsWith("+")) clockMs += nowMs;
    else if (nowMs > clockMs) clockMs = nowMs;
    const body = message.slice(end + 1);
    pending = `${body.length}`.padStart(10, "0") + body;
    consumed = 0;
  };
  const device = {
    open(stream: Stream): void {
      stream.seekable = false;
    },
    close(): void {},
    // One write is one message: a letter for what to do with it, then JSON in ASCII.
    write(_stream: Stream, buffer: Int8Array | Uint8Array, offset: number, length: number): number {
      const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length);
      const text = textOf(bytes.subarray(1));
      const letter = bytes[0];
      if (letter === 0x70) exchange("post", text);
      else if (letter === 0x61) accept(exchange("ask", text));
      else if (letter === 0x6e) accept(exchange("next", text));
      return length;
    },
    read(_stream: Stream, buffer: Int8Array | Uint8Array, offset: number, length: number): number {
      const count = Math.min(length, pending.length - consumed);
      for (let index = 0; index < count; index += 1) buffer[offset + index] = pending.charCodeAt(consumed + index);
      consumed += count;
      if (consumed >= pending.length) {
        pending = "";
        consumed = 0;
      }
      return count;
    },
  };

  let serving = false;
  /** What is written to the bare file descriptors, past `sys.stdout`. */
  const printLine = (line: string): void => {
    if (serving) exchange("post", JSON.stringify({ t: "print", parts: [[`${line}\n`, null]] }));
    else complain(line);
  };
  // Not made in `boot`: it lives on, and with it would all that `boot` read.
  const noInput = (): null => null;
  const importPrelude = [
    "import sys, types",
    'sys.modules["_codepilot"] = types.ModuleType("_codepilot")',
    'with open("/tmp/_codepilot.py") as source:',
    '    exec(compile(source.read(), "<codepilot>", "exec"), sys.modules["_codepilot"].__dict__)',
  ].join("\n");
  let pyodide: Pyodide | undefined;
  const booted = (): Pyodide => {
    if (pyodide === undefined) throw new NativeError("the interpreter has not booted");
    return pyodide;
  };
  return {
    allocate: (sizeBytes) => new Uint8Array(sizeBytes),

    async boot(createModule, loadPyodide, files) {
      const load = loadPyodide as (config: object) => Promise<Pyodide>;
      scope.readbuffer = (name: string): Uint8Array =>
        name.endsWith(".wasm") ? files.wasm : name.endsWith(".zip") ? files.standardLibrary : new Uint8Array(0);
      try {
        pyodide = await load({
          indexURL: "/",
          createPyodideModule: createModule,
          lockFileContents: files.lockFile,
          packageBaseUrl: "/",
          checkAPIVersion: true,
          jsglobals: {},
          stdin: noInput,
          stdout: printLine,
          stderr: printLine,
          env: { HOME: "/home/codepilot", PYTHONHASHSEED: "0", TZ: "UTC", LANG: "C.UTF-8" },
          _makeSnapshot: true,
          ...(files.snapshot === null ? {} : { _loadSnapshot: files.snapshot }),
        });
        for (const name of ["read", "readbuffer", "load"]) delete scope[name];
        // Both hold on to what was read from files.
        const { _api: api, _module: module } = pyodide;
        api.config._loadSnapshot = undefined;
        api.config.createPyodideModule = undefined;
        module.instantiateWasm = undefined;
        if (files.prelude !== "") {
          pyodide.FS.writeFile("/tmp/_codepilot.py", files.prelude);
          pyodide.runPython(importPrelude);
          pyodide.FS.unlink("/tmp/_codepilot.py");
        }
      } catch (error) {
        throw new NativeError(`${error}\n${complaints}`);
      }
    },

    snapshot: () => booted().makeMemorySnapshot(),

    serve() {
      try {
        const { FS, runPython } = booted();
        const number = FS.makedev(FS.createDevice.major++, 0);
        FS.registerDevice(number, device);
        FS.mkdev("/dev/codepilot", number);
        complaints = "";
        serving = true;
        runPython("import _codepilot\n_codepilot.serve()");
        return "the interpreter stopped serving";
      } catch (error) {
        let text = "an error that has no text";
        try {
          text = `${error}`.slice(-2_000);
        } catch {
          // Its conversion to text failed too.
        }
        return `${text}\n${complaints}`;
      }
    },
  };
}
