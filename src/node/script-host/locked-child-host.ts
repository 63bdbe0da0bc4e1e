/**
 * Child processes under Node's permission model: they read the named files and can do nothing else. No environment,
 * no file descriptors but two pipes, no code made from strings. Works with Node and with Electron as Node.
 */
import { spawn } from "node:child_process";
import type { ChildConnection, ChildHost, ChildProgram } from "../../ports/child-host.ts";

/** Stable under this name since Node 22.13 and 23.5. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

export const lockedChildHost: ChildHost = {
  start(program, listener) {
    const child = spawn(process.execPath, argumentsOf(program), {
      env: environment(),
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    let failure: string | undefined;
    child.on("error", (error) => {
      failure = error.message;
      // A process that was never started has no `close` to wait for.
      if (child.pid === undefined) listener.onGone(failure);
    });
    child.on("close", (code, signal) => {
      if (child.pid !== undefined) listener.onGone(failure ?? (signal ? `signal ${signal}` : `exit code ${code}`));
    });
    child.stdout.on("data", (bytes: Buffer) => listener.onBytes(bytes));
    // Both pipes break when the process is killed; `close` tells it.
    child.stdout.on("error", () => undefined);
    child.stdin.on("error", () => undefined);
    return connectionTo(child);
  },
};

function connectionTo(child: ReturnType<typeof spawn>): ChildConnection {
  return {
    send(bytes) {
      if (child.stdin?.writable) child.stdin.write(bytes);
    },
    kill() {
      child.kill("SIGKILL");
    },
  };
}

function argumentsOf(program: ChildProgram): string[] {
  return [
    "--disallow-code-generation-from-strings",
    PERMISSION,
    "--allow-worker",
    ...program.readable.map((path) => `--allow-fs-read=${path}`),
    "--no-warnings",
    program.script,
    program.argument,
  ];
}

function environment(): Record<string, string> {
  const { SystemRoot } = process.env;
  return {
    // The same local time in every process of a task.
    TZ: "UTC",
    ...(process.versions.electron ? { ELECTRON_RUN_AS_NODE: "1" } : {}),
    // Windows can not load its own libraries without it.
    ...(process.platform === "win32" && SystemRoot ? { SystemRoot } : {}),
  };
}
