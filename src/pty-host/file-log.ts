/** The log of a process that nobody watches: a private file with a bound, in the folder of its sockets. */
import { appendFile } from "node:fs/promises";
import { messageOf } from "../base/app-error.ts";
import type { Log } from "../ports/log.ts";

const maxChars = 1_000_000;

export function fileLog(path: string): Log {
  let chars = 0;
  const write = (level: string, message: string, details?: unknown): void => {
    if (chars > maxChars) return;
    const more = details === undefined ? "" : ` ${JSON.stringify(details)}`;
    const line = `${new Date().toISOString()} ${level} ${message}${more}\n`;
    chars += line.length;
    const text = chars > maxChars ? `${line}(the log is full; nothing more is written)\n` : line;
    // There is nobody to tell that not even this works.
    appendFile(path, text, { mode: 0o600 }).catch(() => undefined);
  };
  return {
    info: (message, details) => write("info", message, details),
    warn: (message, details) => write("warn", message, details),
    error: (message, error) =>
      write("error", message, error instanceof Error ? error.stack : error && messageOf(error)),
  };
}
