/** Several waits with one limit: tells what is left of it, at least a moment. */
export function timeLeft(timeoutMs: number): () => number {
  const until = performance.now() + timeoutMs;
  return () => Math.max(1, until - performance.now());
}

/** Waits for one thing with a limit and a way out; leaves no timer and no listener behind. */
export function waitFor(
  done: Promise<unknown>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<"done" | "timeout" | "aborted"> {
  if (signal?.aborted) return Promise.resolve("aborted");
  return new Promise((resolve) => {
    const settle = (outcome: "done" | "timeout" | "aborted") => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    const onAbort = () => settle("aborted");
    // Longer delays than a timer can hold would fire at once.
    const timer = setTimeout(() => settle("timeout"), Math.min(Math.max(0, timeoutMs), 2_147_483_647));
    signal?.addEventListener("abort", onAbort, { once: true });
    done.then(
      () => settle("done"),
      () => settle("done"),
    );
  });
}
