/** A person at a terminal: a shell in a real PTY, with a real emulator that shows what the person would see. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import xterm, { type Terminal } from "@xterm/headless";
import { type IPty, spawn } from "node-pty";
import { eventually } from "./terminals.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface PersonOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cols?: number;
  readonly rows?: number;
}

export class Person {
  readonly #pty: IPty;
  readonly #emulator: Terminal;
  #painting: Promise<void> = Promise.resolve();
  /** Everything the terminal was sent. */
  heard = "";

  constructor({ cwd, env, cols = 80, rows = 24 }: PersonOptions) {
    this.#emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true });
    const shellEnv = {
      PATH: process.env.PATH ?? "",
      HOME: cwd,
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      PS1: "person$ ",
      NODE: process.execPath,
      CLI: cli,
      NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
      ...env,
    };
    this.#pty = spawn("bash", ["--norc", "--noprofile"], { cwd, env: shellEnv, cols, rows });
    this.#pty.onData((data) => {
      this.heard += data;
      this.#painting = new Promise((resolve) => this.#emulator.write(data, resolve));
    });
    // Answers what programs ask, as a terminal does.
    this.#emulator.onData((data) => this.#pty.write(data));
  }

  /** Of the person's own shell. */
  get pid(): number {
    return this.#pty.pid;
  }

  get modes() {
    return this.#emulator.modes;
  }

  get onAlternateScreen(): boolean {
    return this.#emulator.buffer.active.type === "alternate";
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** Runs `codepilot` from the person's shell. */
  codepilot(args: string): void {
    this.type(`"$NODE" "$CLI" ${args}\r`);
  }

  /** The person drags the window's corner. */
  resize(cols: number, rows: number): void {
    this.#emulator.resize(cols, rows);
    this.#pty.resize(cols, rows);
  }

  /** What is written on the screen and above it; a line that is too long for a row is one line. */
  async screen(): Promise<string> {
    await this.#painting;
    const { active } = this.#emulator.buffer;
    const rows = Array.from({ length: active.length }, (_, at) => active.getLine(at));
    return rows
      .map((row, at) => {
        const broken = rows[at + 1]?.isWrapped === true;
        return `${row?.translateToString(!broken) ?? ""}${broken ? "" : "\n"}`;
      })
      .join("")
      .trimEnd();
  }

  /** Waits until the person can read this. */
  async sees(what: string | RegExp): Promise<void> {
    let screen = "";
    try {
      await eventually("", async () => {
        screen = await this.screen();
        return typeof what === "string" ? screen.includes(what) : what.test(screen);
      });
    } catch {
      throw new Error(`${what} is not on the screen:\n${screen.slice(-2_000)}`);
    }
  }

  /** Attaches and waits until keys reach the other terminal. */
  async attaches(args = ""): Promise<void> {
    const before = this.heard.length;
    this.codepilot(`attach ${args}`);
    await eventually("attached", () => /attached to .*\r\n[\s\S]/.test(this.heard.slice(before)));
  }

  /** What the person's shell says of the last command. */
  async exitCode(): Promise<number> {
    const before = this.heard.length;
    this.type("echo code=$?.\r");
    let code: string | undefined;
    await eventually("the shell answers", () => {
      code = /code=(\d+)\./.exec(this.heard.slice(before))?.[1];
      return code !== undefined;
    });
    return Number(code);
  }

  /** Process id of the command that runs in the person's shell; null when none does. */
  async running(): Promise<number | null> {
    const children = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, "utf8");
    return children.trim() === "" ? null : Number(children.trim().split(" ")[0]);
  }

  /** Stops looking at the terminal at all: what is written to it stays in the line. */
  lookAway(): void {
    this.#pty.pause();
  }

  lookAgain(): void {
    this.#pty.resume();
  }

  async leaves(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#pty.onExit(() => resolve()));
    this.#pty.resume();
    this.#pty.kill("SIGKILL");
    await ended;
    this.#emulator.dispose();
  }
}
