/** Programs of the machine that tests need, installed from Debian's packages where nobody has to be asked for it. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./child-process.ts";
import { PlainFailure, say, step } from "./progress.ts";

const MINUTE = 60_000;

/** What the tests of terminals run, and the package that brings it; without one they skip the tests that need it. */
const TERMINAL_PROGRAMS: Readonly<Record<string, string>> = {
  bash: "bash",
  zsh: "zsh",
  fish: "fish",
  ksh: "ksh",
  less: "less",
  vi: "vim-tiny",
  socat: "socat",
  python3: "python3",
};

export async function ensureTerminalPrograms(): Promise<void> {
  const missing = Object.keys(TERMINAL_PROGRAMS).filter((program) => findProgram([program]) === undefined);
  const packages = missing.map((program) => TERMINAL_PROGRAMS[program] ?? program);
  if (packages.length === 0 || !canInstall()) return;
  try {
    await install(packages);
  } catch (error) {
    if (!(error instanceof PlainFailure)) throw error;
    say(`  going on without ${missing.join(", ")}: ${error.message}`);
  }
}

/** Root on a machine with apt-get. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && isExecutable("/usr/bin/apt-get");
}

export async function install(packages: readonly string[]): Promise<void> {
  await step(`Installing Debian's ${packages.join(", ")} (apt-get)`, async (note) => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const onLine = (line: string): void => note(line.slice(0, 80));
    const command = ["install", "-y", "--no-install-recommends", ...packages];
    let result = await run("apt-get", ["update"], { env, onLine, timeLimitMs: 5 * MINUTE });
    if (result.code === 0) result = await run("apt-get", command, { env, onLine, timeLimitMs: 10 * MINUTE });
    if (result.code !== 0) {
      throw new PlainFailure(`apt-get could not install ${packages.join(", ")}:\n${result.output.slice(-1500)}`);
    }
  });
}

/** The path of the first of these programs that is on the PATH or where programs usually are. */
export function findProgram(names: readonly string[]): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"].filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
