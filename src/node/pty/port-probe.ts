/** Looks whether something on this machine takes connections at a port: by IPv4 or by IPv6. */
import { connect } from "node:net";
import type { PortProbe } from "../../terminals/pty.ts";

/** On this machine the answer comes at once, or from something that hangs. */
const limitMs = 1000;

export const localPortProbe: PortProbe = {
  async answers(port, signal) {
    const answers = await Promise.all(["127.0.0.1", "::1"].map((host) => connects(host, port, signal)));
    return answers.includes(true);
  },
};

function connects(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs });
    const settle = (answer: boolean) => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = () => settle(false);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.on("error", () => settle(false));
  });
}
