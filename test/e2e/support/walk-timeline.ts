/** Walks through the timeline as somebody does who reads all of it, and says what was there. */
import type { Locator } from "playwright-core";

export interface Walk {
  /** Numbers of the parts that were read, such as `1–40 42–99`: gaps would be seen. */
  readonly parts: string;
  /** Rows that were in the document at once and were not the next ones of each other. */
  readonly faults: readonly string[];
  /** The most elements that the document had. */
  readonly mostNodes: number;
}

/** `list` is the scroller. Ends at the edge when nothing more has come for a second. */
export async function walkTimeline(list: Locator, direction: "up" | "down"): Promise<Walk> {
  const { seen, faults, mostNodes } = await list.evaluate(walk, direction === "up" ? -1 : 1);
  return { parts: ranges(seen), faults, mostNodes };
}

function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => `${from}–${to}`).join(" ");
}

/** Of the page's elements, what the walk needs; the tests are compiled without the DOM's types. */
interface PageElement {
  readonly textContent: string | null;
  readonly clientHeight: number;
  readonly scrollHeight: number;
  scrollTop: number;
  readonly ownerDocument: { querySelectorAll(selector: string): ArrayLike<PageElement> };
  querySelectorAll(selector: string): ArrayLike<PageElement>;
  getBoundingClientRect(): { readonly top: number; readonly bottom: number };
}

/** Runs in the page. */
async function walk(element: unknown, sign: number) {
  const list = element as PageElement;
  const seen = new Set<number>();
  const faults: string[] = [];
  let mostNodes = 0;
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  /** Rows are drawn wherever somebody looks; a machine that is busy takes its time. */
  const isDrawn = (): boolean => {
    const rows = Array.from(list.querySelectorAll(".row"));
    const { top, bottom } = list.getBoundingClientRect();
    const first = rows[0]?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY;
    const last = rows.at(-1)?.getBoundingClientRect().bottom ?? 0;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    return (first <= top || list.scrollTop < 60) && (last >= bottom || atEnd);
  };
  const look = (): void => {
    const shown = Array.from(list.querySelectorAll(".row-tool .target")).map((target) =>
      Number(/part-(\d+)\./.exec(target.textContent ?? "")?.[1]),
    );
    for (const number of shown) seen.add(number);
    const inOrder = shown.every((number, index) => index === 0 || number === (shown[index - 1] ?? 0) + 1);
    if (!inOrder && faults.length < 5) faults.push(shown.join(" "));
    mostNodes = Math.max(mostNodes, list.ownerDocument.querySelectorAll("*").length);
  };
  look();
  for (let idle = 0; idle < 30; ) {
    const before = list.scrollTop;
    const count = seen.size;
    list.scrollTop += sign * list.clientHeight * 0.7;
    await sleep(32);
    for (let waits = 0; waits < 100 && !isDrawn(); waits += 1) await sleep(20);
    look();
    idle = seen.size === count && Math.abs(list.scrollTop - before) < 2 ? idle + 1 : 0;
  }
  return { seen: [...seen], faults, mostNodes };
}
