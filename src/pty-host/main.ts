/**
 * The pty host's process: `pty-host.js FOLDER CONTROL_SOCKET`. Prints one line when it takes connections (`ready`), or
 * when another process owns the folder (`taken`); after that nobody listens to it any more.
 */
import { messageOf } from "../base/app-error.ts";
import { NodePtySpawner } from "../node/pty/node-pty-spawner.ts";
import { nodeTerminalEngine } from "../node/pty/node-terminal-engine.ts";
import { placeAt } from "../node/pty-host/host-place.ts";
import { fileLog } from "./file-log.ts";
import { OwnedPlace } from "./owned-place.ts";
import { PtyHost } from "./pty-host.ts";

/** Design: ten minutes without a running command and a client; an unused one is gone within a second. */
const idleMs = Number(process.env.CODEPILOT_PTY_HOST_IDLE_MS) || 600_000;
const unusedMs = 300;
/** Whoever has started it may be slow, and many may have been at it. */
const firstClientMs = 3_000;
/** Every part of an orderly end has a limit of its own; this one is for a disk that does not answer. */
const endLimitMs = 15_000;

async function main(): Promise<void> {
  const [folder, controlSocket] = process.argv.slice(2);
  if (folder === undefined || controlSocket === undefined) throw new Error("usage: pty-host FOLDER CONTROL_SOCKET");
  // Whoever reads them goes away when the line has come.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const place = placeAt(folder, controlSocket);
  const log = fileLog(place.logFile);
  const owned = await OwnedPlace.take(place, log);
  if (owned === null) return say("taken", 0);
  const nodePty = new NodePtySpawner();
  const spawner = owned.shells.recording(nodePty);
  const host = new PtyHost({
    place,
    log,
    idleMs,
    unusedMs,
    firstClientMs,
    leavePlace: () => owned.leave(),
    createEngine: (begin) => {
      const { cwd, shell } = begin();
      const environment = () => begin().environment;
      const { markPrefix } = owned;
      return nodeTerminalEngine({ cwd, shell, environment, log, outlives: true, spawner, markPrefix });
    },
  });
  // A fault of ours must not take everybody's shells with it.
  process.on("uncaughtException", (error) => log.error("an error was not caught", error));
  process.on("unhandledRejection", (error) => log.error("a rejection was not caught", error));
  const end = () => {
    setTimeout(() => process.exit(1), endLimitMs);
    void host.end();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  void host.ended.then(() => owned.remove()).finally(() => process.exit(0));
  try {
    await host.listen();
  } catch (error) {
    await owned.remove();
    throw error;
  }
  process.stdout.write("ready\n");
  // While the client connects.
  void nodePty.prepare();
}

function say(line: string, exitCode: number): void {
  process.stdout.write(`${line}\n`, () => process.exit(exitCode));
}

main().catch((error: unknown) => say(`failed ${messageOf(error)}`, 1));
