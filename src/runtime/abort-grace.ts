/** Stop promises one second in all, so nothing that hangs may hold it up longer than this. */
const ABORT_GRACE_MS = 800;

/**
 * Waits for a promise, but after an abort only for a moment more: time enough to give its own account, not to block.
 * `late`: it had not settled by then; what it does later is nobody's.
 */
export async function withAbortGrace<T>(
  running: Promise<T>,
  signal: AbortSignal,
  graceMs: number = ABORT_GRACE_MS,
): Promise<T | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const onAbort = () => {
    timer = setTimeout(() => resolve("late"), graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  // Whoever lost the race must not surface as an unhandled rejection.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
