/** Finds what lives in the pty host of a workspace, from any folder in it. Never starts one. */
import { dirname } from "node:path";
import type { HostedSession } from "../../protocol/pty-host.ts";
import { greet } from "./host-connection.ts";
import { type HostPlace, possiblePlaces } from "./host-place.ts";

export interface FoundSession extends HostedSession {
  /** Of the pty host that has it. */
  readonly place: HostPlace;
}

export interface FoundTerminals {
  /** The workspace whose terminals these are. */
  readonly workspace: string;
  /** The most recently active one first; at least one. */
  readonly sessions: readonly FoundSession[];
}

/** Of the folder itself or the nearest one above it that has terminals; null when none has. `folder`: absolute. */
export async function findSessions(folder: string, env = process.env): Promise<FoundTerminals | null> {
  for (let workspace = folder; ; workspace = dirname(workspace)) {
    const places = await possiblePlaces(workspace, env);
    const sessions = (await Promise.all(places.map(lookUp))).flat();
    if (sessions.length > 0) return { workspace, sessions: sessions.toSorted((a, b) => b.activeAt - a.activeAt) };
    if (dirname(workspace) === workspace) return null;
  }
}

async function lookUp(place: HostPlace): Promise<readonly FoundSession[]> {
  // One that ends just now, or hangs, has nothing to attach to.
  const met = await greet(place, { type: "lookup" }).catch(() => null);
  if (met === null) return [];
  met.socket.destroy();
  return met.greeting.type === "sessions" ? met.greeting.sessions.map((session) => ({ ...session, place })) : [];
}
