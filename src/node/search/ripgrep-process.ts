/** One run of ripgrep: its output line by line, bounded in time and in what is kept of it. */
import { spawn } from "node:child_process";

export interface RipgrepLimits {
  readonly rgPath: string;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

export interface RipgrepRun {
  readonly args: readonly string[];
  readonly cwd: string;
  /** What it gets on standard input; null: nothing. */
  readonly input: Uint8Array | null;
  /** Null: a line that is too long to be kept. After `enough` the run is ended and nothing more comes. */
  readonly onLine: (line: string | null) => "go-on" | "enough";
}

export type RipgrepEnd =
  /** `code`: 0 found, 1 nothing found, 2 an error, which may be one unreadable folder beside good results. */
  | { readonly kind: "ended"; readonly code: number | null; readonly stderr: string; readonly enough: boolean }
  | { readonly kind: "not-started"; readonly error: Error };

const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_STDERR = 4_000;

/** Never rejects. An abort or the deadline kills the process, which then has ended. */
export function runRipgrep({ rgPath, signal, deadline }: RipgrepLimits, run: RipgrepRun): Promise<RipgrepEnd> {
  const { args, cwd, input, onLine } = run;
  return new Promise((done) => {
    const child = spawn(rgPath, args, { cwd, stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    let stderr = "";
    let enough = false;
    const kill = () => child.kill("SIGKILL");
    const settle = (end: RipgrepEnd) => {
      signal.removeEventListener("abort", kill);
      deadline.removeEventListener("abort", kill);
      done(end);
    };
    signal.addEventListener("abort", kill, { once: true });
    deadline.addEventListener("abort", kill, { once: true });

    const lines = new LineReader((line) => {
      if (enough) return;
      enough = onLine(line) === "enough";
      if (enough) kill();
    });
    child.stdout.on("data", (chunk: Buffer) => lines.push(chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      if (stderr.length < MAX_STDERR) stderr += chunk;
    });
    // It may end before it has read all of it.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? undefined);
    child.on("error", (error) => settle({ kind: "not-started", error }));
    child.on("close", (code) => settle({ kind: "ended", code, stderr, enough }));
  });
}

/** Splits bytes into lines; a line beyond the bound is reported as null and not kept. */
class LineReader {
  readonly #onLine: (line: string | null) => void;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(onLine: (line: string | null) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#onLine(this.#size > MAX_LINE_BYTES ? null : Buffer.concat(this.#parts).toString("utf8"));
      this.#parts = [];
      this.#size = 0;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > MAX_LINE_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
