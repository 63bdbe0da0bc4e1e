/**
 * Hands a reply's payloads to the write calls of its program as they are made: each call takes the next unused ones
 * for its path. Binding at run time is what makes loops, variables and computed paths work.
 */
import { closestWord } from "../base/closest-word.ts";
import { payloadMissing, payloadsLeftOver, type UnusedPayload } from "./protocol-messages.ts";
import type { ReplyPayload } from "./reply-verdict.ts";

export type TakenPayloads =
  | { readonly kind: "taken"; readonly contents: readonly string[] }
  /** Nothing was consumed; the message is for the model. */
  | { readonly kind: "refused"; readonly message: string };

interface Entry {
  readonly filename: string;
  readonly content: string;
  /** Place in the reply's blocks; null: the program made it. */
  readonly index: number | null;
  /** Among the payloads, from 1. */
  readonly position: number;
  used: boolean;
}

/** The payloads of one path in their order; the first `taken` are used. */
interface Pile {
  readonly entries: Entry[];
  taken: number;
}

/** Candidates and characters that a search for the path that was meant looks at. */
const MAX_CANDIDATES = 200;
const MAX_PATH_CHARS = 300;

export class PayloadDesk {
  readonly #resolvePath: (path: string) => string;
  readonly #entries: Entry[] = [];
  readonly #piles = new Map<string, Pile>();

  /** `resolvePath`: the same string for the same file, given a path with `/`, relative to the working directory or not. */
  constructor(payloads: readonly ReplyPayload[], resolvePath: (path: string) => string) {
    this.#resolvePath = resolvePath;
    for (const { filename, content, index } of payloads) this.#put(filename, content, index);
  }

  /** A payload that the program has made; it comes after those that are there. */
  add(filename: string, content: string): void {
    this.#put(filename, content, null);
  }

  /** The next `count` unused payloads for this path, in order; all of them or none. */
  take(path: string, count: number): TakenPayloads {
    const pile = this.#piles.get(this.#keyOf(path)) ?? { entries: [], taken: 0 };
    const available = pile.entries.length - pile.taken;
    if (available < count) {
      const unused = this.#unused();
      const found = { wanted: count, available, used: pile.taken };
      const closest = available === 0 ? closestOf(path, unused) : undefined;
      return { kind: "refused", message: payloadMissing(path, found, unused, closest) };
    }
    const entries = pile.entries.slice(pile.taken, pile.taken + count);
    for (const entry of entries) entry.used = true;
    pile.taken += count;
    return { kind: "taken", contents: entries.map((entry) => entry.content) };
  }

  /** What no call has taken yet; `index` is the place in the reply's blocks, null where the program made it. */
  unused(): readonly { readonly index: number | null; readonly filename: string }[] {
    return this.#unused().map(({ index, filename }) => ({ index, filename }));
  }

  /** What to tell the model when the program has ended with payloads left over; null when none is. */
  surplusMessage(): string | null {
    const unused = this.#unused();
    return unused.length === 0 ? null : payloadsLeftOver(unused, this.#entries.length);
  }

  #put(filename: string, content: string, index: number | null): void {
    const entry = { filename, content, index, position: this.#entries.length + 1, used: false };
    this.#entries.push(entry);
    const key = this.#keyOf(filename);
    const pile = this.#piles.get(key);
    if (pile) pile.entries.push(entry);
    else this.#piles.set(key, { entries: [entry], taken: 0 });
  }

  #unused(): readonly Entry[] {
    return this.#entries.filter((entry) => !entry.used);
  }

  #keyOf(path: string): string {
    return this.#resolvePath(normalized(path));
  }
}

/** With `/` only, none doubled, and no `.` steps. */
function normalized(path: string): string {
  const slashed = path.replaceAll("\\", "/").replace(/\/{2,}/g, "/");
  const steps = slashed.split("/").filter((step) => step !== ".");
  return steps.join("/");
}

/** The unused payload whose name was probably meant: a slip, another folder, or the only one there is. */
function closestOf(path: string, unused: readonly UnusedPayload[]): UnusedPayload | undefined {
  if (path.length > MAX_PATH_CHARS) return undefined;
  const candidates = unused.filter(({ filename }) => filename.length <= MAX_PATH_CHARS).slice(0, MAX_CANDIDATES);
  const names = candidates.map(({ filename }) => normalized(filename));
  const wanted = normalized(path);
  const similar = closestWord(wanted, names);
  if (similar !== undefined) return candidates[names.indexOf(similar)];
  const sameName = names.findIndex((name) => baseName(name) === baseName(wanted));
  return candidates[sameName] ?? (unused.length === 1 ? candidates[0] : undefined);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
