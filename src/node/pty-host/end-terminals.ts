/** Ends the terminals of a session that nobody has open, as when it is deleted. */
import { messageOf } from "../../base/app-error.ts";
import type { Log } from "../../ports/log.ts";
import { greet, HostConnection, HostLost } from "./host-connection.ts";
import { type HostPlace, hostPlace, otherPlaces } from "./host-place.ts";

const answerWithinMs = 2_000;
/** What shells that do not want to end may take. */
const endWithinMs = 15_000;

export interface EndTerminalsOptions {
  readonly session: string;
  /** The session's working folder. */
  readonly cwd: string;
  readonly log: Log;
  /** Says where pty hosts may be; default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Resolves when they are gone, in every pty host that has some; where there are none, nothing is started. */
export async function endTerminals({ session, cwd, log, env = process.env }: EndTerminalsOptions): Promise<void> {
  const complain = (error: unknown) => log.warn("terminals were not ended", { cause: messageOf(error) });
  try {
    const own = await hostPlace(cwd, env);
    const places = [own, ...(await otherPlaces(own, cwd, env))];
    await Promise.all(places.map((place) => endAt(place, session).catch(complain)));
  } catch (error) {
    complain(error);
  }
}

async function endAt(place: HostPlace, session: string): Promise<void> {
  try {
    await askToEnd(place, session);
  } catch (error) {
    // The host is gone, or another client was quicker: then there is nothing to end the second time.
    if (!(error instanceof HostLost)) throw error;
    await askToEnd(place, session);
  }
}

async function askToEnd(place: HostPlace, session: string): Promise<void> {
  const met = await greet(place, { type: "session", session, begin: null }, answerWithinMs);
  if (met?.greeting.type !== "welcome") return void met?.socket.destroy();
  const connection = new HostConnection(met.socket, met.rest, { onEvent() {}, onUnclaimed() {} });
  try {
    await connection.request("close_session", {}, { limitMs: endWithinMs });
  } finally {
    connection.close();
  }
}
