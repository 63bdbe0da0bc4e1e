/** The first line of a connection, which says what the rest of its bytes are. */
import type { Socket } from "node:net";
import { MalformedLine } from "../../base/json-lines.ts";
import { afterLoopTime } from "./loop-time.ts";

export interface FirstLine {
  readonly document: unknown;
  /** What came with the line and belongs to what follows. */
  readonly rest: Buffer;
}

/**
 * Resolves with the socket paused, nothing of what follows lost. Rejects with MalformedLine, or when the other side
 * ends, fails or says nothing for `timeoutMs`.
 */
export function readFirstLine(socket: Socket, options: { maxBytes: number; timeoutMs: number }): Promise<FirstLine> {
  const { maxBytes, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      timer.dispose();
      socket.off("data", onData).off("close", onClose).off("error", onError);
      socket.pause();
      act();
    };
    const timer = afterLoopTime(timeoutMs, () => settle(() => reject(new Error("the other side says nothing"))));
    const onClose = () => settle(() => reject(new Error("the other side has closed the connection")));
    const onError = (error: Error) => settle(() => reject(error));
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      const end = chunk.indexOf(0x0a);
      if (end < 0) {
        if (size > maxBytes) settle(() => reject(new MalformedLine(`a first line of more than ${maxBytes} bytes`)));
        return;
      }
      settle(() => {
        const all = Buffer.concat(chunks);
        const lineEnd = size - chunk.length + end;
        try {
          const document: unknown = JSON.parse(all.toString("utf8", 0, lineEnd));
          resolve({ document, rest: all.subarray(lineEnd + 1) });
        } catch {
          reject(new MalformedLine("the first line is not JSON"));
        }
      });
    };
    socket.on("data", onData).on("close", onClose).on("error", onError);
    socket.resume();
  });
}
