/** Joins a terminal that is there, for somebody who only looks and types: nothing is begun, not even a session. */
import { randomBytes } from "node:crypto";
import type { TerminalAttachment, TerminalEvent } from "../../ports/terminals.ts";
import { greet, HostConnection } from "./host-connection.ts";
import type { HostPlace } from "./host-place.ts";
import { attachViewer } from "./view-terminal.ts";

/** What the end of a shell may take from the one connection to the other. */
const exitNewsMs = 1_000;

export interface JoinRequest {
  readonly place: HostPlace;
  readonly session: string;
  readonly terminal: string;
  /** Undefined: the terminal keeps its size. */
  readonly size: { readonly cols: number; readonly rows: number } | undefined;
  /** As of `Terminals.attach`. */
  readonly onData: (data: string) => void | Promise<void>;
}

export type TerminalEnd =
  /** `signal`: number of the one that ended the shell. */
  | { readonly kind: "exited"; readonly exitCode: number | null; readonly signal: number | null }
  /** The pty host is gone, and the shell with it. */
  | { readonly kind: "host-lost" }
  /** Only the connection is gone; the shell may be there. */
  | { readonly kind: "dropped" };

export interface JoinedTerminal {
  readonly attachment: TerminalAttachment;
  /** Resolves when nothing more comes, all that was sent having been delivered. Never after `leave`. */
  readonly end: Promise<TerminalEnd>;
  /** Goes away; the terminal stays. */
  leave(): void;
}

/** Null when the pty host, the session or the terminal is not there (any more). */
export async function joinTerminal(request: JoinRequest): Promise<JoinedTerminal | null> {
  const { place, session, terminal, size, onData } = request;
  const met = await greet(place, { type: "session", session, begin: null });
  if (met === null) return null;
  if (met.greeting.type !== "welcome") {
    met.socket.destroy();
    return null;
  }
  const exited = Promise.withResolvers<TerminalEnd>();
  const connection = new HostConnection(met.socket, met.rest, {
    onEvent: (event) => {
      const { type, ...rest } = event as TerminalEvent;
      if (type !== "exited" || !("exitCode" in rest) || rest.name !== terminal) return;
      exited.resolve({ kind: "exited", exitCode: rest.exitCode, signal: rest.signal ?? null });
    },
    onUnclaimed() {},
  });
  const viewer = randomBytes(8).toString("hex");
  const resize = (cols: number, rows: number) => connection.tell("resize", { viewer, cols, rows });
  const opening = { type: "view", session, terminal, viewer, ...(size === undefined ? {} : { size }) } as const;
  const attachment = await attachViewer(place, opening, onData, resize);
  if (attachment === null) {
    connection.close();
    return null;
  }
  const hostLost = connection.closed.then((): TerminalEnd => ({ kind: "host-lost" }));
  const end = attachment.ended.then(() => {
    const dropped = new Promise<TerminalEnd>((resolve) => {
      setTimeout(() => resolve({ kind: "dropped" }), exitNewsMs).unref();
    });
    return Promise.race([exited.promise, hostLost, dropped]);
  });
  return {
    attachment,
    end,
    leave() {
      attachment.dispose();
      connection.close();
    },
  };
}
