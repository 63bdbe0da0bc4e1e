/** Looks at a terminal of the pty host through a connection of its own. */
import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { TerminalAttachment } from "../../ports/terminals.ts";
import { viewGreetingSchema } from "../../protocol/pty-host.ts";
import { readFirstLine } from "./first-line.ts";
import { openSocket } from "./host-connection.ts";
import type { HostPlace } from "./host-place.ts";

const attachTimeoutMs = 10_000;
const maxFirstLineBytes = 4_096;

export interface ViewOpening {
  readonly type: "view";
  readonly session: string;
  readonly terminal: string;
  /** The name under which `resize` is asked for. */
  readonly viewer: string;
  /** Of the viewer; the terminal gets it before the repaint is made. */
  readonly size?: { readonly cols: number; readonly rows: number };
}

/** Null when there is no such terminal. `resize` travels on the session's connection. */
export async function attachViewer(
  place: HostPlace,
  opening: ViewOpening,
  onData: (data: string) => void | Promise<void>,
  resize: (cols: number, rows: number) => void,
): Promise<TerminalAttachment | null> {
  const socket = await openSocket(place, { ...opening });
  if (socket === null) return null;
  const first = await readFirstLine(socket, { maxBytes: maxFirstLineBytes, timeoutMs: attachTimeoutMs }).catch(
    () => null,
  );
  const about = viewGreetingSchema.safeParse(first?.document);
  if (first === null || !about.success) {
    socket.destroy();
    return null;
  }
  const { cols, rows, snapshotBytes } = about.data;
  const decoder = new StringDecoder("utf8");
  const bytes = await readBytes(socket, first.rest, snapshotBytes);
  if (bytes === null) {
    socket.destroy();
    return null;
  }
  const { snapshot, rest } = bytes;
  const ended = Promise.withResolvers<void>();
  const deliver = (bytes: Buffer) => {
    const text = decoder.write(bytes);
    const pending = text === "" ? undefined : onData(text);
    if (pending === undefined) return;
    // Whoever does not keep up is not sent more; the host knows what to do then.
    socket.pause();
    void pending.catch(() => undefined).then(() => socket.resume());
  };
  // Nothing arrives before the caller had its turn to show the snapshot.
  let disposed = false;
  setImmediate(() => {
    // A host that was killed may leave without an end.
    const onEnd = () => disposed || ended.resolve();
    socket.once("end", onEnd).once("close", onEnd);
    if (socket.destroyed) onEnd();
    socket.on("data", deliver).resume();
    if (rest.length > 0) deliver(rest);
  });
  socket.unref();
  return {
    snapshot: snapshot.toString("utf8"),
    size: { cols, rows },
    ended: ended.promise,
    write: (data) => void (socket.destroyed || socket.write(data)),
    resize,
    dispose: () => {
      disposed = true;
      socket.destroy();
    },
  };
}

/** Null when the connection ends, or hangs, before there are that many. */
function readBytes(
  socket: Socket,
  first: Buffer,
  wanted: number,
): Promise<{ readonly snapshot: Buffer; readonly rest: Buffer } | null> {
  return new Promise((resolve) => {
    const chunks = [first];
    let size = first.length;
    const finish = () => {
      clearTimeout(timer);
      socket.off("data", take).off("close", finish);
      socket.pause();
      const all = Buffer.concat(chunks);
      resolve(size < wanted ? null : { snapshot: all.subarray(0, wanted), rest: all.subarray(wanted) });
    };
    const timer = setTimeout(finish, attachTimeoutMs);
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= wanted) finish();
    };
    if (size >= wanted) return finish();
    socket.on("data", take).once("close", finish).resume();
  });
}
