/** What the model is told of a program's end: what ran, what did not, and what to do next. */
import type { ScriptEnd } from "../../ports/script-engine.ts";

/** Names listed in a sentence. */
const MAX_NAMES = 30;

export type Raised = Extract<ScriptEnd, { kind: "raised" }>;
export type Killed = Extract<ScriptEnd, { kind: "killed" }>;

export const NO_OUTPUT = "[Control block executed with no output.]";

export function raisedText({ phase, type, message, line, traceback }: Raised): string {
  const at = line === null ? "Control Block" : `Control Block, line ${line}`;
  const cause = `EXECUTION ERROR (${at}): ${type}${message === "" ? "" : `: ${message}`}`;
  if (phase === "compile")
    return `${cause}\n${traceback}\nNo statements of this block ran. Correct it and send it whole again.`;
  const before =
    line === null
      ? "Statements before the error have run"
      : `Statements before line ${line} have run, and what they did stands`;
  return `${cause}\n${traceback}\n${before}: go on from there, do not repeat them.`;
}

export function killedText(end: Killed, earlierNames: readonly string[]): string {
  const kept =
    earlierNames.length > 0
      ? ` Variables that this block set are gone; those of earlier blocks are kept (${nameList(earlierNames)}).`
      : " Variables that this block set are gone.";
  return `EXECUTION ERROR: ${end.message} The calls above were made, and what they did stands.${kept}`;
}

export function lostNamesText(names: readonly string[]): string {
  const which = names.length > 0 ? `these are gone: ${nameList(names)}` : "what they had set is gone";
  return `[CodePilot: the variables of the earlier blocks could not be rebuilt; ${which}. Make what you need again.]`;
}

/** A program that was cut off by a restart and did something else when it was taken up again. */
export function interruptedText(difference: string): string {
  return [
    `EXECUTION ERROR: CodePilot was restarted while this block ran, and it could not be taken up again: when it was run again, ${difference}.`,
    "The calls above were made once, and what they did stands; the rest of the block did not run. Variables that this block set are gone. Look at what is there before you go on.",
  ].join(" ");
}

export const STOPPED_BY_PERSON =
  "EXECUTION ERROR: the person stopped this block. The calls above were made, and what they did stands. Ask what they want, or go on in another way.";

export const STOPPED_BEFORE_IT_RAN =
  "EXECUTION ERROR: the person stopped this block before it ran. Nothing of it was done. Ask what they want, or go on in another way.";

export const STOPPED_WITH_TURN = "[Control block stopped here. What its calls did stands.]";

export function unusedPayloadsText(surplus: string): string {
  return `PAYLOAD ERROR: ${surplus}`;
}

export const COMPLETION_IGNORED =
  "The completion block was not taken: the task is not done while something in its block failed. Repair it, then complete.";

export function nameList(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(", ");
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
