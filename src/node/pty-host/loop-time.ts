/**
 * Limits that count only time in which this process could have noticed an answer. An extension host that has just been
 * reloaded may not turn its event loop for seconds, and timers come before what has arrived meanwhile.
 */
import type { Disposable } from "../../base/disposable.ts";
import { toDisposable } from "../../base/disposable.ts";

const sliceMs = 100;

/** Acts once, after that much time; a stretch in which the loop stood still counts as one slice. Keeps no process alive. */
export function afterLoopTime(ms: number, act: () => void): Disposable {
  let disposed = false;
  let leftMs = ms;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    const thisMs = Math.min(leftMs, sliceMs);
    timer = setTimeout(() => {
      leftMs -= thisMs;
      if (leftMs > 0) arm();
      // What has arrived by now is read first.
      else setImmediate(() => disposed || act());
    }, thisMs).unref();
  };
  arm();
  return toDisposable(() => {
    disposed = true;
    clearTimeout(timer);
  });
}
