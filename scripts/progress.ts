/**
 * What the scripts print: one line when a step starts, a sign of life while it is long, one line when it ends.
 * Everything goes to standard output in order, so that a CI log reads from top to bottom.
 */

/** A step that prints nothing for this long says that it is still at work. */
const SIGN_OF_LIFE_MS = 15_000;

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Runs `work`, announcing it and its end; a failure is announced and thrown on. */
export async function step<T>(title: string, work: (note: (detail: string) => void) => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  let detail = "";
  say(`▸ ${title}`);
  const timer = setInterval(() => {
    say(`  … ${title}: ${seconds(Date.now() - startedAt)}${detail ? `, ${detail}` : ""}`);
  }, SIGN_OF_LIFE_MS);
  try {
    const value = await work((text) => {
      detail = text;
    });
    say(`✓ ${title} (${seconds(Date.now() - startedAt)})`);
    return value;
  } catch (error) {
    say(`✗ ${title} (${seconds(Date.now() - startedAt)})`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** A failure whose message is all a person needs; printed without a stack. */
export class PlainFailure extends Error {
  override readonly name = "PlainFailure";
}

/** Ends the program as `main` ends, with one clear line for a plain failure. */
export async function runMain(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${error instanceof PlainFailure ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
