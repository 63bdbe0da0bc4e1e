/** Real pty hosts, each in a runtime folder of its own, ended with everything in it when the test is over. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeTerminalEngine } from "../../src/node/pty/node-terminal-engine.ts";
import { type HostPlace, hostPlace } from "../../src/node/pty-host/host-place.ts";
import { HostedTerminals } from "../../src/node/pty-host/hosted-terminals.ts";
import { SessionTerminals } from "../../src/node/pty-host/session-terminals.ts";
import type { Log } from "../../src/ports/log.ts";
import type { CommandResult, RunCommand, Terminals } from "../../src/ports/terminals.ts";
import { ptyHostVersion } from "../../src/protocol/pty-host.ts";
import { isAlive } from "./end-pty-hosts.ts";
import { removeFolder } from "./remove-folder.ts";
import { eventually, onceStarted, processesOfHome } from "./terminals.ts";

const never = new AbortController().signal;
const root = new URL("../../", import.meta.url).href;

export interface TestHost {
  readonly place: HostPlace;
  /** Home and folder of the shells. */
  readonly home: string;
  readonly complaints: string[];
  /** A client of a session; another one of the same session stands for another process. */
  client(session?: string, environment?: Readonly<Record<string, string>>): HostedTerminals;
  /** The same with the in-process fallback. */
  lasting(session?: string): SessionTerminals;
  /** A client in a process of its own: runs the body of an async function over `terminals`, `run` and `say`. */
  clientProcess(source: string, session?: string): ClientProcess;
  /** Process id of the living host; null when there is none. */
  pid(): Promise<number | null>;
  close(): Promise<void>;
}

export interface ClientProcess {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly said: unknown[];
  /** Everything it has said, when it has ended by itself. */
  readonly ended: Promise<readonly unknown[]>;
}

export interface TestHostOptions {
  readonly idleMs?: number;
  /** Of the clients and thereby of the host. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export async function testHost(options: TestHostOptions = {}): Promise<TestHost> {
  const home = await mkdtemp(join(tmpdir(), "cp-host-"));
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_RUNTIME_DIR: home, ...options.env };
  if (options.idleMs !== undefined) env.CODEPILOT_PTY_HOST_IDLE_MS = String(options.idleMs);
  const place = await hostPlace(home, env);
  const complaints: string[] = [];
  const clients: Terminals[] = [];
  const children: ChildProcess[] = [];
  const log: Log = {
    info() {},
    warn: (message) => complaints.push(message),
    error: (message, error) => complaints.push(`${message}: ${error}`),
  };
  const shellEnvironment = { PATH: process.env.PATH ?? "", HOME: home, LANG: "C.UTF-8", TERM: "xterm-256color" };
  const common = { workspace: home, cwd: home, environment: shellEnvironment, hostEnvironment: env };
  const hosted = (session: string, environment: Readonly<Record<string, string>>) =>
    new HostedTerminals({ ...common, environment: { ...shellEnvironment, ...environment }, session, log });
  const kept = <T extends Terminals>(client: T): T => {
    clients.push(client);
    return client;
  };
  const pid = async () => {
    const claim = await readFile(place.claimFile, "utf8").catch(() => null);
    const found = claim === null ? null : (JSON.parse(claim) as { pid: number }).pid;
    return found !== null && isAlive(found) ? found : null;
  };
  return {
    place,
    home,
    complaints,
    pid,
    client: (session = "session-1", environment = {}) => kept(hosted(session, environment)),
    lasting(session = "session-1") {
      const inProcess = () => nodeTerminalEngine({ cwd: home, log, environment: () => shellEnvironment });
      return kept(new SessionTerminals({ hosted: hosted(session, {}), inProcess, log }));
    },
    clientProcess(source, session = "session-1") {
      const made = startClient({ ...common, session }, source);
      children.push(made.child);
      return made;
    },
    async close() {
      for (const child of children) child.kill("SIGKILL");
      for (const client of clients) await client.close();
      const left = await pid();
      // The host may be taking its folder away just now.
      await removeFolder(home);
      await eventually("the host ends with its folder", () => left === null || !isAlive(left));
      await eventually("nothing of its shells is left", async () => (await processesOfHome(home)).length === 0);
    },
  };
}

function startClient(options: object, source: string): ClientProcess {
  const program = `
    import { HostedTerminals } from "${root}src/node/pty-host/hosted-terminals.ts";
    import { silentLog } from "${root}src/ports/log.ts";
    import { runIn } from "${root}test/support/pty-host.ts";
    const terminals = new HostedTerminals({ ...${JSON.stringify(options)}, log: silentLog });
    const run = (command, extra) => runIn(terminals, command, extra);
    const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
    ${source}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: unknown[] = [];
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) said.push(JSON.parse(line));
  });
  return { child, said, ended: once(child, "close").then(() => said) };
}

export async function runIn(
  terminals: Terminals,
  command: string,
  extra: Partial<RunCommand> = {},
): Promise<CommandResult> {
  const commandId = `c-${Math.random()}`;
  const defaults = { terminal: "main", command, commandId, timeoutMs: 30_000, signal: never, maxOutputChars: 40_000 };
  const result = await onceStarted(() => terminals.run({ ...defaults, ...extra }));
  if (result.kind !== "command") throw new Error(`${command}: ${JSON.stringify(result)}`);
  return result;
}

export interface RawClient {
  readonly socket: Socket;
  /** Lines that have come. */
  readonly lines: string[];
  send(document: unknown): void;
  line(index: number): Promise<unknown>;
  /** Resolves when the other side has closed the connection. */
  readonly closed: Promise<unknown>;
}

/** Speaks the protocol by hand. `opening: null` says nothing; the token and version are right unless it names others. */
export async function rawClient(place: HostPlace, opening: object | null): Promise<RawClient> {
  const token = await readFile(place.tokenFile, "utf8");
  const socket = connect(place.controlSocket);
  socket.on("error", () => undefined);
  const lines: string[] = [];
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (text + chunk).split("\n");
    text = parts.pop() ?? "";
    lines.push(...parts);
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const send = (document: unknown) => void socket.write(`${JSON.stringify(document)}\n`);
  await once(socket, "connect");
  if (opening !== null) send({ version: ptyHostVersion, token, ...opening });
  return {
    socket,
    lines,
    send,
    closed,
    async line(index) {
      await eventually(`line ${index}`, () => lines.length > index);
      return JSON.parse(lines[index] ?? "null");
    },
  };
}
