/** Gets into the pty host of a place as a client of one session, starting the host where there is none. */
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, messageOf } from "../../base/app-error.ts";
import type { Beginning, Greeting } from "../../protocol/pty-host.ts";
import { greet } from "./host-connection.ts";
import type { HostPlace } from "./host-place.ts";
import { startHost } from "./start-host.ts";

/** One that ends just now may take some seconds for shells that do not want to; many may be starting at once. */
const joinWithinMs = 20_000;
const firstPauseMs = 10;
const longestPauseMs = 250;

export interface JoinedSession {
  readonly welcome: Extract<Greeting, { type: "welcome" }>;
  readonly socket: Socket;
  /** What has come after the welcome. */
  readonly rest: Buffer;
}

/**
 * Null when the session is not there and is not to be begun (`begin.onlyJoin`). Rejects with AppError `unavailable`
 * when there is no host and none can be started.
 */
export async function joinSession(
  place: HostPlace,
  session: string,
  begin: Beginning,
  env: NodeJS.ProcessEnv,
): Promise<JoinedSession | null> {
  const until = Date.now() + joinWithinMs;
  let problem = "it does not answer";
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const met = await greet(place, { type: "session", session, begin }).catch((error: unknown) => {
      // One that ends, was killed, or hangs just now; another may be started.
      problem = messageOf(error);
      return null;
    });
    if (met?.greeting.type === "welcome") return { welcome: met.greeting, socket: met.socket, rest: met.rest };
    met?.socket.destroy();
    if (met?.greeting.type === "unknown" || begin.onlyJoin) return null;
    if (met?.greeting.type === "refused") {
      problem = met.greeting.message;
      // Asking again would not change what we say.
      if (met.greeting.reason === "malformed" || met.greeting.reason === "version") throw unavailable(problem);
    } else {
      const started = await startHost(place, env);
      if (started.kind === "failed") throw unavailable(started.message);
      if (started.kind === "ready") continue;
    }
    if (Date.now() > until) throw unavailable(problem);
    await sleep(pauseMs);
  }
}

function unavailable(problem: string): AppError {
  return new AppError("unavailable", `the process that keeps terminals can not be used: ${problem}`);
}
