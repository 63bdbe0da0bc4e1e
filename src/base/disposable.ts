/** Ownership of listeners, processes and handles: whatever is acquired is a Disposable that somebody owns. */
export interface Disposable {
  dispose(): void;
}

/** Wraps a clean-up function; calling `dispose` again does nothing. */
export function toDisposable(cleanUp: () => void): Disposable {
  let done = false;
  return {
    dispose() {
      if (done) return;
      done = true;
      cleanUp();
    },
  };
}

/**
 * Owns many disposables. Late-safe: what is added after the store was disposed is disposed at once,
 * so something created asynchronously can not leak past its owner.
 */
export class DisposableStore implements Disposable {
  readonly #items = new Set<Disposable>();
  #disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.add(item);
    return item;
  }

  /** Disposes in reverse order of adding; one failing clean-up does not stop the others. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const failures: unknown[] = [];
    for (const item of [...this.#items].reverse()) {
      try {
        item.dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#items.clear();
    if (failures.length > 0) throw new AggregateError(failures, "clean-up failed");
  }
}
