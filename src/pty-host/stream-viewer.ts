/** A viewer at the far end of a socket: one JSON line about the terminal, a repaint, then raw bytes both ways. */
import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { TerminalAttachment, Terminals } from "../ports/terminals.ts";

export interface StreamViewerOptions {
  readonly terminals: Pick<Terminals, "attach" | "list">;
  readonly terminal: string;
  /** Came with the first line. */
  readonly typedAhead: Buffer;
  /** Of the viewer, if it has said. */
  readonly size: { readonly cols: number; readonly rows: number } | undefined;
  readonly onActive: () => void;
  /** Clients that are ours learn how much of what follows is the repaint; those of the open format need not. */
  readonly tellSnapshot: boolean;
}

/**
 * Resolves when the viewer is attached, null when there is no such terminal. A socket that is not read is not written
 * to: its terminal goes on, and it is told later what it has missed. The attachment ends with the socket.
 */
export async function serveViewer(socket: Socket, options: StreamViewerOptions): Promise<TerminalAttachment | null> {
  const { terminals, terminal, typedAhead, size: wanted, onActive, tellSnapshot } = options;
  const early: string[] = [];
  let painted = false;
  const send = (data: string): void | Promise<void> => {
    if (socket.destroyed || socket.write(data)) return;
    return new Promise((resolve) => {
      const done = () => {
        socket.off("drain", done).off("close", done);
        resolve();
      };
      socket.on("drain", done).on("close", done);
    });
  };
  const show = (data: string) => {
    if (painted) return send(data);
    early.push(data);
  };
  const attachment = await terminals.attach(terminal, show, wanted);
  if (attachment === null || socket.destroyed) {
    attachment?.dispose();
    socket.destroy();
    return null;
  }
  const { snapshot, size } = attachment;
  const pid = terminals.list().find(({ name }) => name === terminal)?.pid ?? null;
  const about = { pid, ...size, ...(tellSnapshot ? { snapshotBytes: Buffer.byteLength(snapshot) } : {}) };
  socket.write(`${JSON.stringify(about)}\n`);
  painted = true;
  void send(snapshot);
  for (const data of early) void send(data);

  const decoder = new StringDecoder("utf8");
  const type = (bytes: Buffer) => {
    const text = decoder.write(bytes);
    if (text === "") return;
    onActive();
    attachment.write(text);
  };
  if (typedAhead.length > 0) type(typedAhead);
  socket.on("data", type).resume();
  socket.once("close", () => attachment.dispose());
  // The shell is gone and all it printed is handed over.
  void attachment.ended.then(() => socket.end());
  return attachment;
}
