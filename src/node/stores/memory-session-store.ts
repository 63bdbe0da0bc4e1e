/** Sessions that live as long as the process: for embedders and tests that want no files. */
import { hashOf } from "../../base/content-hash.ts";
import type { OpenedJournal, SessionJournal, SessionRecord, SessionStore } from "../../ports/session-store.ts";
import type { AgentEvent, DurableEvent } from "../../protocol/events.ts";
import { reduceAll } from "../../protocol/reduce.ts";
import { sessionExists, sessionInUse, sessionNotFound } from "./session-errors.ts";

interface Kept {
  readonly cwd: string;
  readonly events: DurableEvent[];
  readonly blobs: Map<string, Uint8Array>;
  open: boolean;
}

export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<string, Kept>();

  async create(sessionId: string, cwd: string): Promise<SessionJournal> {
    if (this.#sessions.has(sessionId)) throw sessionExists(sessionId);
    const kept: Kept = { cwd, events: [], blobs: new Map(), open: true };
    this.#sessions.set(sessionId, kept);
    return journalOf(kept);
  }

  async open(sessionId: string): Promise<OpenedJournal> {
    const kept = this.#sessions.get(sessionId);
    if (!kept) throw sessionNotFound(sessionId);
    if (kept.open) throw sessionInUse(sessionId, "or start a new session");
    kept.open = true;
    return { journal: journalOf(kept), events: [...kept.events], warnings: [] };
  }

  async read(sessionId: string): Promise<readonly AgentEvent[] | null> {
    const kept = this.#sessions.get(sessionId);
    return kept ? [...kept.events] : null;
  }

  async find(sessionId: string): Promise<SessionRecord | null> {
    const kept = this.#sessions.get(sessionId);
    return kept ? recordOf(sessionId, kept) : null;
  }

  async list(options: { cwd?: string; limit: number }): Promise<SessionRecord[]> {
    return [...this.#sessions.entries()]
      .filter(([, kept]) => options.cwd === undefined || kept.cwd === options.cwd)
      .map(([sessionId, kept]) => recordOf(sessionId, kept))
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs)
      .slice(0, options.limit);
  }

  async delete(sessionId: string): Promise<void> {
    const kept = this.#sessions.get(sessionId);
    if (!kept) throw sessionNotFound(sessionId);
    if (kept.open) throw sessionInUse(sessionId, "then delete it");
    this.#sessions.delete(sessionId);
  }
}

function recordOf(sessionId: string, kept: Kept): SessionRecord {
  const state = reduceAll(kept.events);
  return {
    sessionId,
    title: state.title,
    cwd: kept.cwd,
    updatedAtMs: state.lastAt,
    unfinished: state.activeTurnId !== null,
    lastEnd: state.turns.findLast((turn) => turn.finished)?.finished?.reason ?? null,
    inUse: kept.open,
  };
}

function journalOf(kept: Kept): SessionJournal {
  return {
    async append(events) {
      kept.events.push(...events);
    },
    async putBlob(bytes) {
      const hash = hashOf(bytes);
      kept.blobs.set(hash, bytes);
      return hash;
    },
    async getBlob(hash) {
      return kept.blobs.get(hash) ?? null;
    },
    async close() {
      kept.open = false;
    },
  };
}
