/** Terminals over real pseudoterminals with a home folder of their own, so that the person's shell stays out of it. */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inProcessTerminals } from "../../src/node/pty/in-process-terminals.ts";
import type { CommandResult, ReadResult, RunCommand, RunResult, Terminals } from "../../src/ports/terminals.ts";
import { startupCommand } from "../../src/terminals/run-command.ts";
import { removeFolder } from "./remove-folder.ts";

export interface TestTerminals {
  readonly terminals: Terminals;
  readonly home: string;
  /** What was logged as a warning or an error. */
  readonly complaints: string[];
  run(command: string, options?: Partial<RunCommand>): Promise<RunResult>;
  /** `run` for commands that are expected to be taken. */
  command(command: string, options?: Partial<RunCommand>): Promise<CommandResult>;
  read(timeoutMs?: number, terminal?: string): Promise<ReadResult>;
  write(text: string, timeoutMs?: number, terminal?: string): Promise<ReadResult>;
  close(): Promise<void>;
}

export interface TestTerminalsOptions {
  readonly bashrc?: string;
  /** Files of the home folder, by their path in it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: string;
}

const noSignal = new AbortController().signal;

export async function testTerminals(options: TestTerminalsOptions = {}): Promise<TestTerminals> {
  const home = await mkdtemp(join(tmpdir(), "codepilot-test-"));
  for (const [name, content] of Object.entries({ ".bashrc": options.bashrc ?? "", ...options.files })) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), content);
  }
  const complaints: string[] = [];
  const terminals = inProcessTerminals({
    cwd: home,
    log: {
      info() {},
      warn: (message) => complaints.push(message),
      error: (message, error) => complaints.push(`${message}: ${error}`),
    },
    baseEnvironment: { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: home, ...options.env },
    ...(options.shell === undefined ? {} : { shell: options.shell }),
  });
  let count = 0;
  const look = (terminal: string, timeoutMs: number) => ({
    terminal,
    timeoutMs,
    signal: noSignal,
    maxOutputChars: 40_000,
  });
  const run = (command: string, extra: Partial<RunCommand> = {}) =>
    terminals.run({ ...look("main", 30_000), command, commandId: `c${++count}`, ...extra });
  return {
    terminals,
    home,
    complaints,
    run,
    async command(command, extra) {
      const result = await onceStarted(() => run(command, extra));
      if (result.kind !== "command")
        throw new Error(`${command.slice(0, 200)}: ${JSON.stringify(result).slice(0, 500)}`);
      return result;
    },
    read: (timeoutMs = 5000, terminal = "main") => terminals.read(look(terminal, timeoutMs)),
    write: (text, timeoutMs = 5000, terminal = "main") => terminals.write({ ...look(terminal, timeoutMs), text }),
    async close() {
      await terminals.close();
      await removeFolder(home);
    },
  };
}

/** Runs it anew while the shell is not up: on a busy machine bash alone may take longer than the product waits for it. */
export async function onceStarted(run: () => Promise<RunResult>): Promise<RunResult> {
  for (const until = Date.now() + 30_000; ; ) {
    const result = await run();
    if (result.kind !== "busy" || result.command !== startupCommand || Date.now() > until) return result;
  }
}

/** Living processes whose environment names this home folder: everything that came from its terminals. */
export async function processesOfHome(home: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        return (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").includes(`HOME=${home}`)
          ? Number(pid)
          : null;
      } catch {
        return null;
      }
    }),
  );
  return found.filter((pid) => pid !== null);
}

/** Waits until a condition holds, looking often; fails with `what` after `limitMs`. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const until = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
