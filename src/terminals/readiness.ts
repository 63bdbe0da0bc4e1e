/** Waits until a command shows that it is ready: by a text in its output, or by a port that takes connections. */
import type { WaitFor } from "../ports/terminals.ts";
import type { CommandRecord } from "./command-record.ts";
import type { PortProbe } from "./pty.ts";
import { waitFor } from "./wait-for.ts";

const firstPauseMs = 50;
const longestPauseMs = 400;

export interface Readiness {
  /** Resolves when it is ready; otherwise never. */
  readonly ready: Promise<void>;
  readonly isReady: boolean;
  stop(): void;
}

export function watchReadiness(record: CommandRecord, wanted: WaitFor, probe: PortProbe): Readiness {
  return wanted.kind === "text" ? watchText(record, wanted.text) : watchPort(wanted.port, probe);
}

function watchText(record: CommandRecord, text: string): Readiness {
  const watch = record.output.watch(text);
  return {
    ready: watch.found,
    get isReady() {
      return watch.isFound;
    },
    stop: () => record.output.unwatch(watch),
  };
}

function watchPort(port: number, probe: PortProbe): Readiness {
  const stopped = new AbortController();
  const { signal } = stopped;
  const ready = Promise.withResolvers<void>();
  let isReady = false;
  const look = async () => {
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      if (await probe.answers(port, signal)) {
        isReady = true;
        return ready.resolve();
      }
      await waitFor(new Promise<never>(() => {}), { timeoutMs: pauseMs, signal });
    }
  };
  void look();
  return {
    ready: ready.promise,
    get isReady() {
      return isReady;
    },
    stop: () => stopped.abort(),
  };
}
