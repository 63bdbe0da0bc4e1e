/** Journals on the disk as earlier windows have left them, for lists and trees. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceKey } from "../../src/node/stores/file-session-store.ts";
import type { TurnEndReason } from "../../src/ports/session-store.ts";
import type { DurableEvent } from "../../src/protocol/events.ts";
import { encodeEvents } from "../../src/protocol/journal.ts";

export interface StoredSession {
  readonly sessionId: string;
  readonly title: string;
  readonly ageMs: number;
  /** How its turn ended; null: it was left behind. */
  readonly end: TurnEndReason | null;
  /** Calls in the turn, to make the journal as long as real ones are. */
  readonly calls?: number;
}

/** Returns the paths of the journals. `home`: what CODEPILOT_HOME says. */
export function storeSessions(home: string, cwd: string, sessions: readonly StoredSession[]): string[] {
  const folder = join(home, "sessions", workspaceKey(cwd));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return sessions.map((session) => {
    const path = join(folder, `${session.sessionId}.jsonl`);
    const at = Date.now() - session.ageMs;
    writeFileSync(path, encodeEvents(eventsOf(session, cwd, at)), { mode: 0o600 });
    utimesSync(path, at / 1000, at / 1000);
    return path;
  });
}

function eventsOf({ sessionId, title, end, calls = 0 }: StoredSession, cwd: string, at: number): DurableEvent[] {
  let seq = 0;
  const envelope = () => ({ v: 1 as const, seq: ++seq, at, sessionId });
  const turn = () => ({ ...envelope(), turnId: "turn-1" });
  const events: DurableEvent[] = [
    {
      ...envelope(),
      type: "session.opened",
      cwd,
      folders: [cwd],
      model: "openai/fake",
      interface: "tools",
      dialect: "codepilot",
      productVersion: "0",
    },
    { ...turn(), type: "turn.started", input: { text: title }, model: "openai/fake" },
    { ...turn(), type: "item.finished", item: { kind: "user_message", id: "item-1", origin: "person", text: title } },
  ];
  for (let n = 0; n < calls; n += 1) {
    const callId = `call-${n}`;
    const argumentsText = JSON.stringify({ path: `src/file-${n}.js` });
    events.push({
      ...turn(),
      type: "tool.requested",
      callId,
      tool: "read_file",
      argumentsText,
      summary: "Read a file",
    });
    const outcome = { status: "done" as const, output: "a line of code\n".repeat(40), durationMs: 1 };
    events.push({ ...turn(), type: "tool.finished", callId, outcome });
  }
  if (end !== null) events.push({ ...turn(), type: "turn.finished", reason: end, steps: 1, durationMs: 1_000 });
  return events;
}
