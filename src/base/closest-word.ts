/** A word of fewer letters says too little to be the beginning of another. */
const SHORTEST_BEGINNING = 3;

/**
 * The candidate that was probably meant: the one with the fewest slips (a letter more, less, other, or two swapped),
 * if those are few for its length; else the only one that begins with the word. Upper and lower case, `-` and `_` are
 * no slips.
 */
export function closestWord(word: string, candidates: readonly string[]): string | undefined {
  const given = plain(word);
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const wanted = plain(candidate);
    if (Math.abs(wanted.length - given.length) >= Math.min(fewest, 4)) continue;
    const slips = slipsBetween(given, wanted);
    if (slips < fewest && slips <= Math.max(1, Math.floor(wanted.length / 3))) {
      best = candidate;
      fewest = slips;
    }
  }
  if (best !== undefined || given.length < SHORTEST_BEGINNING) return best;
  const longer = candidates.filter((candidate) => plain(candidate).startsWith(given));
  return longer.length === 1 ? longer[0] : undefined;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** Damerau's distance over three rows. */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let slips = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        slips = Math.min(slips, (beforeLast[column - 2] as number) + 1);
      }
      current.push(slips);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] as number;
}
