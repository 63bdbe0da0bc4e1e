/** Work that is done together, but not all of it at once. */

/**
 * Runs over all items, begun in their order and at most `limit` under way at a time. After a rejection none is begun any
 * more, and it rejects with the first when all that had begun are over.
 */
export async function atMost<Item>(
  limit: number,
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const faults: unknown[] = [];
  const work = async () => {
    for (const item of waiting) {
      if (faults.length > 0) return;
      try {
        await run(item);
      } catch (fault) {
        faults.push(fault);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (faults.length > 0) throw faults[0];
}
