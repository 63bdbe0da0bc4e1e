/**
 * Pseudoterminals of node-pty, loaded on the first terminal: where its native part is missing or broken, that costs
 * terminals and nothing else.
 */
import { access, constants, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { messageOf, systemCodeOf } from "../../base/app-error.ts";
import type { Pty, PtyRequest, PtySpawner, PtySpawnResult } from "../../terminals/pty.ts";
import { setCarriageReturns } from "./carriage-returns.ts";
import { PtyInput } from "./pty-input.ts";

type NodePty = typeof import("node-pty");

async function loadNodePty(): Promise<NodePty> {
  const module = await import("node-pty");
  return (module as { default?: NodePty }).default ?? module;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function folderProblem(cwd: string): Promise<string | null> {
  try {
    if (!(await stat(cwd)).isDirectory()) return `${cwd} is not a folder. Choose a folder that exists.`;
    await access(cwd, constants.X_OK);
    return null;
  } catch (error) {
    if (systemCodeOf(error) === "EACCES") return `The folder ${cwd} may not be entered. Choose another one.`;
    return `The folder ${cwd} does not exist. Choose a folder that exists.`;
  }
}

export class NodePtySpawner implements PtySpawner {
  readonly #load: () => Promise<NodePty>;

  constructor(load: () => Promise<NodePty> = loadNodePty) {
    this.#load = load;
  }

  /** Loads what the first terminal would wait for. What goes wrong is told when one is wanted. */
  async prepare(): Promise<void> {
    await this.#load().catch(() => undefined);
  }

  async findShell(shell: string, path = process.env.PATH ?? ""): Promise<string | null> {
    if (isAbsolute(shell)) return (await isExecutable(shell)) ? shell : null;
    if (shell.includes("/")) return null;
    for (const folder of [...path.split(delimiter), "/bin", "/usr/bin", "/usr/local/bin"]) {
      const candidate = join(folder, shell);
      if (isAbsolute(candidate) && (await isExecutable(candidate))) return candidate;
    }
    return null;
  }

  async spawn(request: PtyRequest): Promise<PtySpawnResult> {
    const problem = await folderProblem(request.cwd);
    if (problem !== null) return { kind: "failed", message: problem };
    let nodePty: NodePty;
    try {
      nodePty = await this.#load();
    } catch (error) {
      return {
        kind: "failed",
        message:
          `Terminals are not available: node-pty could not be loaded (${messageOf(error).split("\n")[0]}). ` +
          `Install CodePilot for this platform (${process.platform}-${process.arch}) or rebuild node-pty, then try again.`,
      };
    }
    try {
      const { file, args, cwd, env, cols, rows } = request;
      return {
        kind: "spawned",
        pty: wrap(nodePty.spawn(file, [...args], { name: "xterm-256color", cwd, env, cols, rows })),
      };
    } catch (error) {
      return {
        kind: "failed",
        message: `${request.file} could not be started (${messageOf(error)}). Close terminals that are not needed and try again.`,
      };
    }
  }
}

function wrap(pty: import("node-pty").IPty): Pty {
  let ended = false;
  const { fd, _socket: socket } = pty as { fd?: number; _socket?: { readonly destroyed: boolean } };
  const isOpen = () => !ended && socket?.destroyed !== true;
  const descriptor = process.platform === "win32" ? undefined : fd;
  const input = descriptor === undefined ? null : new PtyInput({ descriptor, isOpen });
  return {
    pid: pty.pid,
    onData: (listener) => void pty.onData(listener),
    onExit: (listener) =>
      void pty.onExit(({ exitCode, signal }) => {
        ended = true;
        input?.close();
        listener(signal ? { exitCode: null, signal } : { exitCode, signal: null });
      }),
    write: (data) => {
      if (!ended) (input ?? pty).write(data);
    },
    resize: ({ cols, rows }) => {
      // The descriptor may be gone before the exit is reported.
      try {
        if (!ended) pty.resize(cols, rows);
      } catch {}
    },
    ...(descriptor === undefined
      ? {}
      : {
          carriageReturns: async (on) => {
            if (ended) return;
            pty.pause();
            await setCarriageReturns(descriptor, on).finally(() => pty.resume());
          },
        }),
  };
}
