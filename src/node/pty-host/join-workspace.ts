/**
 * Gets into the pty host of a workspace as a client of one session, wherever that host is: what started it may have had
 * another environment, and so another place, than this process. Only where there is none, one is started in the own place.
 */
import type { Beginning } from "../../protocol/pty-host.ts";
import { greet } from "./host-connection.ts";
import { type HostPlace, hostPlace, otherPlaces } from "./host-place.ts";
import { type JoinedSession, joinSession } from "./join-session.ts";

/** A host that needs longer for one line, in a place that may not be the right one, is passed over. */
const answerWithinMs = 1_000;

export interface JoinedPlace extends JoinedSession {
  readonly place: HostPlace;
}

type Meeting =
  | { readonly kind: "joined"; readonly joined: JoinedPlace }
  /** A host that lacks the session. */
  | { readonly kind: "unknown" }
  | { readonly kind: "nobody" }
  /** It is slow, hangs, or ends just now. */
  | { readonly kind: "unclear" };

/** As `joinSession`. A session that is there is joined where it is; a new one goes where a host is already. */
export async function joinWorkspace(
  workspace: string,
  session: string,
  begin: Beginning,
  env: NodeJS.ProcessEnv,
): Promise<JoinedPlace | null> {
  const own = await hostPlace(workspace, env);
  const others = await otherPlaces(own, workspace, env);
  const inOwn = async () => {
    const joined = await joinSession(own, session, begin, env);
    return joined && { ...joined, place: own };
  };
  if (others.length === 0) return inOwn();
  const there = { ...begin, onlyJoin: true };
  const met = await meet(own, session, there);
  if (met.kind === "joined") return met.joined;
  let serving: HostPlace | undefined;
  for (const place of others) {
    const elsewhere = await meet(place, session, there);
    if (elsewhere.kind === "joined") return elsewhere.joined;
    if (elsewhere.kind === "unknown") serving ??= place;
  }
  if (begin.onlyJoin && met.kind !== "unclear") return null;
  if (met.kind === "nobody" && serving !== undefined) {
    const begun = await meet(serving, session, begin);
    if (begun.kind === "joined") return begun.joined;
  }
  return inOwn();
}

async function meet(place: HostPlace, session: string, begin: Beginning): Promise<Meeting> {
  try {
    const met = await greet(place, { type: "session", session, begin }, answerWithinMs);
    if (met === null) return { kind: "nobody" };
    const { greeting, socket, rest } = met;
    if (greeting.type === "welcome") return { kind: "joined", joined: { welcome: greeting, socket, rest, place } };
    socket.destroy();
    return { kind: greeting.type === "unknown" ? "unknown" : "unclear" };
  } catch {
    return { kind: "unclear" };
  }
}
