/** Collects messages and hands them over once a frame; in a hidden page, where frames stop, by a slow timer. */
export interface Clock {
  frame(run: () => void): void;
  later(run: () => void): void;
  hidden(): boolean;
}

export function batcher<T>(clock: Clock, flush: (batch: readonly T[]) => void): (message: T) => void {
  let waiting: T[] = [];
  let scheduled = 0;
  const run = (ticket: number) => () => {
    if (ticket !== scheduled || waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    scheduled++;
    flush(batch);
  };
  return (message) => {
    waiting.push(message);
    if (waiting.length > 1) return;
    if (clock.hidden()) clock.later(run(scheduled));
    else {
      clock.frame(run(scheduled));
      // A frame that was asked for just before the page was hidden never comes.
      clock.later(run(scheduled));
    }
  };
}
