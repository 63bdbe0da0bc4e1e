/** Makes tasks of several programs out of a seed: what they share and what they do depends on much that could differ. */

/** Where in the life of a call the process dies. */
export const KILL_MOMENTS = ["requested", "started", "before-effect", "after-effect", "finished"] as const;
export type KillMoment = (typeof KILL_MOMENTS)[number];

export interface DurableRun {
  readonly seed: number;
  readonly home: string;
  readonly session: string;
  readonly cwd: string;
  /** Effects are appended here, a line each. */
  readonly effects: string;
  readonly resume: boolean;
  /** Dies at this moment of the nth call of `effect`, from 1. */
  readonly kill: { readonly call: number; readonly moment: KillMoment } | null;
}

export interface GeneratedTask {
  /** Programs in order; the last one's reply completes the task. */
  readonly programs: readonly string[];
}

/** A small deterministic generator of numbers in [0, 1). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine", "rowan", "yew"];

export function generateTask(seed: number): GeneratedTask {
  const next = numbers(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const some = (count: number) => WORDS.filter(() => next() < 0.5).slice(0, count);
  const pieces: readonly (() => string[])[] = [
    () => [`for word in list({${some(6).map(quoted).join(", ") || '"one"'}})[:2]:`, '    effect(f"set-{word}")'],
    () => ["coin = random.random()", 'effect("heads" if coin < 0.5 else "tails")'],
    () => ["moment = time.time()", 'effect(f"at-{moment:.4f}")', 'print("moment", moment)'],
    () => [
      "try:",
      "    fail()",
      "except ToolError as error:",
      '    print("caught", error)',
      '    effect("after-failure")',
    ],
    () => ["try:", "    {}['x']", "except KeyError:", '    effect(f"key-{uuid.uuid4()}")'],
    () => [`shared.add(${quoted(pick(WORDS))})`, 'print("shared", list(shared))'],
    () => ['gather([(effect, f"g1-{len(shared)}"), (look,), (effect, "g2")])'],
    () => ["print(object.__hash__(shared) % 1000, id(coin) % 1000)"],
  ];
  const start = [
    "import random, time, uuid",
    "coin = 0",
    `shared = {${some(5).concat("start").map(quoted).join(", ")}}`,
  ];
  const body = () => [0, 1, 2].flatMap(() => pick(pieces)());
  const first = [...start, 'effect("first")', ...body()];
  const second = [
    'print("again", list(shared), coin)',
    "for word in list(shared)[:2]:",
    '    effect(f"second-{word}")',
    ...body(),
  ];
  const third = ['print("end", list(shared), coin, random.random())', 'effect("last")'];
  const programs = [first, second, ...(next() < 0.5 ? [third] : [])];
  return { programs: programs.map((lines) => `${lines.join("\n")}\n`) };
}

function quoted(word: string): string {
  return JSON.stringify(word);
}
