/** The one setting of a terminal that we change while a program runs in it; Node has no call for it, `stty` is everywhere. */
import { spawn } from "node:child_process";

/** It takes milliseconds; a terminal that hangs must not keep it. */
const limitMs = 1_000;

/**
 * `stty` reads all settings and writes all of them back. By default it first waits until a program has printed what it
 * is at; what that program has set right afterwards, such as that a password is not shown, would be undone.
 */
const atOnce = process.platform === "linux" ? ["-drain"] : [];

/**
 * Whether the terminal of this descriptor (of our side) adds a carriage return to every line feed that is printed in it.
 * Nobody may read from it meanwhile: a program that prints more than the system holds then can not change the settings
 * between the two steps. Resolves when it is done, or can not be: then nothing has changed.
 */
export function setCarriageReturns(descriptor: number, on: boolean): Promise<void> {
  return new Promise((resolve) => {
    // Not as its standard input: Node makes whatever a child gets there wait for its writes from then on, which for a
    // descriptor is for everybody who has it, and what is typed into a program that does not read would hang a thread of ours.
    const child = spawn("sh", ["-c", 'exec stty "$@" <&3', "stty", ...atOnce, on ? "onlcr" : "-onlcr"], {
      stdio: ["ignore", "ignore", "ignore", descriptor],
      timeout: limitMs,
      killSignal: "SIGKILL",
    });
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}
