/** Real pty hosts, each in a runtime folder of its own, ended with everything in it when the test is over. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostPlace, hostPlace } from "../../src/node/pty-host/host-place.ts";
import { HostedTerminals } from "../../src/node/pty-host/hosted-terminals.ts";
import { eventually, processesOfHome } from "./terminals.ts";

export interface TestHost {
  readonly place: HostPlace;
  /** Home and folder of the shells. */
  readonly home: string;
  readonly complaints: string[];
  /** A client of a session; another one of the same session stands for another process. */
  client(session?: string): HostedTerminals;
  /** Process id of the host; null when there is none. */
  pid(): Promise<number | null>;
  close(): Promise<void>;
}

export async function testHost(options: { idleMs?: number; bashrc?: string } = {}): Promise<TestHost> {
  const home = await mkdtemp(join(tmpdir(), "cp-host-"));
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_RUNTIME_DIR: home };
  if (options.idleMs !== undefined) env.CODEPILOT_PTY_HOST_IDLE_MS = String(options.idleMs);
  const place = await hostPlace(home, env);
  const complaints: string[] = [];
  const clients: HostedTerminals[] = [];
  const pid = async () => {
    const claim = await readFile(place.claimFile, "utf8").catch(() => null);
    return claim === null ? null : (JSON.parse(claim) as { pid: number }).pid;
  };
  return {
    place,
    home,
    complaints,
    pid,
    client(session = "session-1") {
      const client = new HostedTerminals({
        session,
        workspace: home,
        cwd: home,
        environment: { PATH: process.env.PATH ?? "", HOME: home, LANG: "C.UTF-8", TERM: "xterm-256color" },
        hostEnvironment: env,
        log: {
          info() {},
          warn: (message) => complaints.push(message),
          error: (message, error) => complaints.push(`${message}: ${error}`),
        },
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) await client.close();
      const left = await pid();
      await rm(home, { recursive: true, force: true });
      await eventually("the host ends with its folder", () => left === null || !isAlive(left));
      await eventually("nothing of its shells is left", async () => (await processesOfHome(home)).length === 0);
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
