/**
 * Identifiers. They sort by creation time, so a folder listing of sessions is already chronological,
 * and carry a prefix so that a stray id in a log says what it names.
 */
import { randomBytes } from "node:crypto";

export type IdKind =
  | "session"
  | "turn"
  | "item"
  | "call"
  | "permission"
  | "question"
  | "message"
  | "command"
  | "script";

const prefixes: Record<IdKind, string> = {
  session: "ses",
  turn: "trn",
  item: "itm",
  call: "call",
  permission: "prm",
  question: "qst",
  message: "msg",
  command: "cmd",
  script: "scr",
};

/** Makes ids; injected so that tests and golden files see the same ids on every run. */
export interface IdSource {
  next(kind: IdKind): string;
}

/** Ids from time and 60 random bits: unique across processes without coordination. */
export const randomIds: IdSource = {
  next(kind) {
    const time = Date.now().toString(36).padStart(9, "0");
    const random = BigInt(`0x${randomBytes(8).toString("hex")}`)
      .toString(36)
      .padStart(13, "0")
      .slice(0, 12);
    return `${prefixes[kind]}_${time}${random}`;
  },
};

/** Ids that count up from 1 for each kind. */
export function countingIds(): IdSource {
  const counts = new Map<IdKind, number>();
  return {
    next(kind) {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return `${prefixes[kind]}_${count}`;
    },
  };
}
