/** The journal of a session that has grown for weeks, or in one turn for hours. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceKey } from "../../src/node/stores/file-session-store.ts";
import type { DurableEvent, EventOf } from "../../src/protocol/events.ts";
import { encodeEvents } from "../../src/protocol/journal.ts";

export interface LongSession {
  readonly sessionId: string;
  readonly title: string;
  /** Calls of each turn, which read `src/part-1.js`, `src/part-2.js` and so on through the whole session. */
  readonly callsOfTurns: readonly number[];
}

/** Writes the journal into `home` (what CODEPILOT_HOME says) and returns how many calls it holds. */
export function storeLongSession(home: string, cwd: string, session: LongSession): number {
  const folder = join(home, "sessions", workspaceKey(cwd));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const events = [...eventsOf(session, cwd)];
  writeFileSync(join(folder, `${session.sessionId}.jsonl`), encodeEvents(events), { mode: 0o600 });
  return session.callsOfTurns.reduce((sum, calls) => sum + calls, 0);
}

function* eventsOf({ sessionId, title, callsOfTurns }: LongSession, cwd: string): Generator<DurableEvent> {
  const model = "openai/fake";
  let seq = 0;
  let at = Date.now() - 3_600_000;
  const next = (turnId?: string) => {
    at += 5;
    return { v: 1 as const, seq: ++seq, at, sessionId, ...(turnId === undefined ? {} : { turnId }) };
  };
  const opened: Omit<EventOf<"session.opened">, keyof ReturnType<typeof next>> = {
    type: "session.opened",
    cwd,
    folders: [cwd],
    model,
    interface: "tools",
    dialect: "codepilot",
    productVersion: "0",
  };
  yield { ...next(), ...opened } as DurableEvent;
  let part = 0;
  for (const [index, calls] of callsOfTurns.entries()) {
    const turnId = `turn-${index + 1}`;
    const text = index === 0 ? title : `Task number ${index + 1}`;
    const user = { kind: "user_message", id: `user-${index}`, origin: "person", text } as const;
    yield { ...next(turnId), type: "turn.started", input: { text }, model };
    yield { ...next(turnId), type: "item.finished", item: user };
    for (let call = 0; call < calls; call += 1) {
      part += 1;
      const callId = `call-${part}`;
      const path = `src/part-${part}.js`;
      const argumentsText = JSON.stringify({ path });
      yield {
        ...next(turnId),
        type: "tool.requested",
        callId,
        tool: "read_file",
        argumentsText,
        summary: `Read ${path}`,
      };
      yield { ...next(turnId), type: "usage.updated", usage: null, model };
      yield { ...next(turnId), type: "tool.started", callId, recovery: { kind: "repeat" } };
      const lines = { startLine: 1, endLine: 40, totalLines: 40, hash: "0".repeat(64) };
      const display = { kind: "read", path: join(cwd, path), ...lines } as const;
      const outcome = { status: "done", output: "a line of code\n".repeat(40), display, durationMs: 1 } as const;
      yield { ...next(turnId), type: "tool.finished", callId, outcome };
    }
    const answer = {
      kind: "assistant_message",
      id: `answer-${index}`,
      text: `That was **task ${index + 1}**.`,
    } as const;
    yield { ...next(turnId), type: "item.finished", item: answer };
    yield { ...next(turnId), type: "usage.updated", usage: null, model };
    yield { ...next(turnId), type: "turn.finished", reason: "completed", steps: calls + 1, durationMs: 1_000 };
  }
}
