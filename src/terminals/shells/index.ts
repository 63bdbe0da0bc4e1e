/** The shells whose commands have a known end. In any other it stays unknown. */
import { bash } from "./bash.ts";
import { fish } from "./fish.ts";
import { powershell } from "./powershell.ts";
import type { ShellDialect } from "./shell-dialect.ts";
import { zsh } from "./zsh.ts";

const dialects: readonly ShellDialect[] = [bash, fish, powershell, zsh];

/** The dialect of a program, chosen by its base name; null for one that we have no bootstrap for. */
export function dialectOf(file: string): ShellDialect | null {
  const name = (file.split(/[/\\]/).at(-1) ?? "").replace(/\.exe$/i, "");
  return dialects.find(({ programs }) => programs.includes(name)) ?? null;
}
