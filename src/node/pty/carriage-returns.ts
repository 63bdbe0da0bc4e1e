/** The one setting of a terminal that we change while a program runs in it; Node has no call for it, `stty` is everywhere. */
import { spawn } from "node:child_process";

/** It takes milliseconds; a terminal that hangs must not keep it. */
const limitMs = 5_000;

/**
 * Whether the terminal of this descriptor (of our side) adds a carriage return to every line feed that is printed in it.
 * Resolves when it is done, or can not be: then nothing has changed.
 */
export function setCarriageReturns(descriptor: number, on: boolean): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn("stty", [on ? "onlcr" : "-onlcr"], {
      stdio: [descriptor, "ignore", "ignore"],
      timeout: limitMs,
      killSignal: "SIGKILL",
    });
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}
