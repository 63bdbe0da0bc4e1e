/**
 * The pty host's process: `pty-host.js FOLDER CONTROL_SOCKET`. Prints one line when it takes connections (`ready`), or
 * when another process owns the folder (`taken`); after that nobody listens to it any more.
 */

import { rm } from "node:fs/promises";
import { messageOf } from "../base/app-error.ts";
import { nodeTerminalEngine } from "../node/pty/node-terminal-engine.ts";
import { placeAt } from "../node/pty-host/host-place.ts";
import { claimWriter } from "../node/stores/writer-claim.ts";
import { fileLog } from "./file-log.ts";
import { PtyHost } from "./pty-host.ts";

/** Design: ten minutes without a running command and a client; an unused one is gone within a second. */
const idleMs = Number(process.env.CODEPILOT_PTY_HOST_IDLE_MS ?? 600_000);
const unusedMs = 300;

async function main(): Promise<void> {
  const [folder, controlSocket] = process.argv.slice(2);
  if (folder === undefined || controlSocket === undefined) throw new Error("usage: pty-host FOLDER CONTROL_SOCKET");
  const place = placeAt(folder, controlSocket);
  const claim = await claimWriter(place.claimFile);
  if (claim === null) {
    process.stdout.write("taken\n", () => process.exit(0));
    return;
  }
  const log = fileLog(place.logFile);
  const host = new PtyHost({
    place,
    log,
    idleMs,
    unusedMs,
    createEngine: (begin) => nodeTerminalEngine({ ...begin, log, outlives: true }),
  });
  // A fault of ours must not take everybody's shells with it.
  process.on("uncaughtException", (error) => log.error("an error was not caught", error));
  process.on("unhandledRejection", (error) => log.error("a rejection was not caught", error));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void host.end());
  void host.ended.then(async () => {
    await claim.release();
    await rm(place.folder, { recursive: true, force: true }).catch(() => undefined);
    process.exit(0);
  });
  await host.listen();
  process.stdout.on("error", () => undefined);
  process.stdout.write("ready\n");
}

main().catch((error: unknown) => {
  process.stdout.write(`failed ${messageOf(error)}\n`, () => process.exit(1));
});
