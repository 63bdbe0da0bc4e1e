/**
 * Makes a model request from the session's state. Nothing made here is ever written into history: history is what
 * happened, the request is how it is told. What stays the same comes first and byte for byte the same, what changes
 * comes last, so that the provider's prompt cache keeps hitting.
 */

import type { Json } from "../base/json.ts";
import type { ModelInput, ModelRequest, ToolSpec } from "../ports/model-client.ts";
import type { Item } from "../protocol/items.ts";
import type { ArchivedTask, Entry, ScriptEntry, SessionState, ToolEntry, TurnState } from "../protocol/state.ts";
import type { TerminalInfo } from "../protocol/terminals.ts";

/** Of one program: a loop reads a folder of them in a line. */
const MAX_SCRIPT_IMAGES = 20;

type UserMessage = Extract<Item, { kind: "user_message" }>;

export interface ModelSettings {
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly reasoningEffort?: "minimal" | "low" | "medium" | "high";
  readonly thinkingBudgetTokens?: number;
}

export interface ContextSources {
  /** The static part: who the agent is, how the tools are used, project instructions. Fixed for a turn. */
  readonly instructions: string;
  readonly tools: readonly ToolSpec[];
  readonly settings: ModelSettings;
  /** Responses a turn may take; told where the interface teaches the model to mind it. */
  readonly maxSteps?: number;
  /** How the terminals are now: no event tells that a command began or ended in one. */
  readonly terminals?: () => readonly TerminalInfo[];
}

export function buildRequest(state: SessionState, model: string, sources: ContextSources): ModelRequest {
  const input: ModelInput[] = [];
  const tagged = state.interface === "python";
  for (const [index, turn] of state.turns.entries()) {
    if (turn.archived) input.push(archivedInput(turn.archived));
    else addTurn(input, turn, tagged ? index + 1 : null);
  }
  const context = [
    changingContext(state, sources.terminals?.() ?? []),
    tagged ? stepBudget(state, sources.maxSteps) : "",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
  if (context !== "") input.push({ kind: "context", text: context });
  return {
    model,
    instructions: sources.instructions,
    input,
    tools: sources.tools,
    cacheKey: state.sessionId,
    ...sources.settings,
  };
}

/** What the model is told of a turn that is not archived, or was told before it was. `task` as in a request. */
export function turnInputs(turn: TurnState, task: number | null): readonly ModelInput[] {
  const input: ModelInput[] = [];
  addTurn(input, turn, task);
  return input;
}

/** `task`: the turn's number where words of the person are told with tags; null where they are told plainly. */
function addTurn(input: ModelInput[], turn: TurnState, task: number | null): void {
  const { entries } = turn;
  let index = 0;
  while (index < entries.length) {
    const entry = entries[index] as Entry;
    if (entry.kind === "notice" || !entry.settled || isOfScript(entry)) {
      index += 1;
    } else if (entry.kind === "item") {
      const told = itemInput(entry.item, task);
      if (told) input.push(told);
      index += 1;
    } else if (entry.kind === "script") {
      if (entry.outcome) input.push(scriptInput(entry, entries));
      index += 1;
    } else {
      index = addCalls(input, entries, index, entry.step);
    }
  }
  if (turn.finished?.reason === "interrupted") {
    input.push({ kind: "user", text: "[CodePilot: the person stopped the work at this point.]" });
  }
}

/** What a script's calls gave is told in the result of the script. */
function isOfScript(entry: Entry): boolean {
  return entry.kind === "tool" && entry.script !== undefined;
}

/** The calls of one response and then their results: the order every provider accepts. Returns the next index. */
function addCalls(input: ModelInput[], entries: readonly Entry[], start: number, step: number): number {
  const calls: ToolEntry[] = [];
  const between: ModelInput[] = [];
  let index = start;
  for (; index < entries.length; index += 1) {
    const entry = entries[index] as Entry;
    if (entry.kind === "notice") continue;
    if (entry.step !== step) break;
    if (entry.kind === "tool") calls.push(entry);
    else if (entry.kind === "item" && entry.settled) {
      const told = itemInput(entry.item, null);
      if (told) between.push(told);
    }
  }
  for (const call of calls) input.push(callInput(call));
  for (const call of calls) if (hasOutcome(call)) input.push(resultInput(call));
  input.push(...between);
  return index;
}

/**
 * The same object for the same part of history in every request, so that a client can keep what it made of it: what
 * a request costs must not grow with the session more than it has to. Half characters are told as whole ones (U+FFFD):
 * a server that takes none would refuse every later request too.
 */
function toldOnce<Part extends object, Rest extends readonly unknown[], Input>(
  tell: (part: Part, ...rest: Rest) => Input,
): (part: Part, ...rest: Rest) => Input {
  const told = new WeakMap<Part, { readonly input: Input }>();
  return (part, ...rest) => {
    const known = told.get(part) ?? { input: tell(part, ...rest) };
    told.set(part, known);
    return known.input;
  };
}

const archivedInput = toldOnce(
  (archived: ArchivedTask): ModelInput => ({ kind: "user", text: archivedText(archived) }),
);

export function archivedText({ position, summary }: Pick<ArchivedTask, "position" | "summary">): string {
  return `[ARCHIVED TASK ${position}]\n${summary}\n(original kept: reveal_context(${position}) shows it)`;
}

const callInput = toldOnce(
  ({ callId, tool: name, argumentsText, replay }: ToolEntry): ModelInput => ({
    kind: "tool_call",
    callId,
    name,
    argumentsText: argumentsText.toWellFormed(),
    ...(replay === undefined ? {} : { replay: replay as Json }),
  }),
);

type FinishedCall = ToolEntry & { readonly outcome: NonNullable<ToolEntry["outcome"]> };

function hasOutcome(call: ToolEntry): call is FinishedCall {
  return call.outcome !== undefined;
}

const resultInput = toldOnce(
  ({ callId, tool: name, outcome }: FinishedCall): ModelInput => ({
    kind: "tool_result",
    callId,
    name,
    output: outcome.output.toWellFormed(),
    ...(outcome.images ? { images: outcome.images } : {}),
    failed: outcome.status !== "done",
  }),
);

/** The result of a program, which is over and has made all of its calls, with the images that they showed. */
const scriptInput = toldOnce(({ scriptId, outcome }: ScriptEntry, entries: readonly Entry[]): ModelInput => {
  const all = entries.flatMap((entry) =>
    entry.kind === "tool" && entry.script?.scriptId === scriptId ? (entry.outcome?.images ?? []) : [],
  );
  const images = all.slice(0, MAX_SCRIPT_IMAGES);
  const more = all.length - images.length;
  const note = more > 0 ? `\n\n[${more} more images are not shown; read fewer of them in one block.]` : "";
  const text = `[EXECUTION RESULT]\n${outcome?.output ?? ""}${note}`;
  return { kind: "user", text, ...(images.length > 0 ? { images } : {}) };
});

function itemInput(item: Item, task: number | null): ModelInput | undefined {
  return task === null || item.kind !== "user_message" ? plainInput(item) : taggedInput(item, task);
}

/** A turn has the same number in every request. */
const taggedInput = toldOnce((item: UserMessage, task: number): ModelInput => {
  const { text, origin, images } = item;
  return { kind: "user", text: `${tagOf(origin, task)}${text}`.toWellFormed(), ...(images ? { images } : {}) };
});

const plainInput = toldOnce((item: Item): ModelInput | undefined => {
  switch (item.kind) {
    case "user_message":
      return { kind: "user", text: item.text.toWellFormed(), ...(item.images ? { images: item.images } : {}) };
    case "assistant_message":
      if (item.text === "" && !item.replay) return undefined;
      return { kind: "assistant", text: item.text.toWellFormed(), ...(item.replay ? { replay: item.replay } : {}) };
    case "reasoning":
      return { kind: "reasoning", text: item.text.toWellFormed(), ...(item.replay ? { replay: item.replay } : {}) };
  }
});

function tagOf(origin: UserMessage["origin"], task: number): string {
  switch (origin) {
    case "person":
      return `[TASK ${task}][USER INPUT]\n`;
    case "steer":
      return "[USER MESSAGE]\n";
    case "runtime":
    case "terminal":
      return "";
  }
}

/** How far the turn is on its way to its limit, and more urgently the nearer it is. */
function stepBudget(state: SessionState, maxSteps: number | undefined): string {
  if (maxSteps === undefined) return "";
  const used = state.turns.at(-1)?.steps ?? 0;
  const share = used / maxSteps;
  const warning =
    share >= 0.9
      ? " The limit is near: finish now and say what is left."
      : share >= 0.75
        ? " The limit approaches: do what matters most."
        : "";
  return `[STEP ${used + 1} of ${maxSteps}]${warning}`;
}

/** Terminals the model can not know from its own calls: opened by the person, or ended by themselves. */
function changingContext(state: SessionState, now: readonly TerminalInfo[]): string {
  const terminals = Object.values(state.terminals).filter((terminal) => terminal.name !== "main");
  if (terminals.length === 0) return "";
  const lines = terminals.map((terminal) => {
    const { status, command } = now.find(({ name }) => name === terminal.name) ?? terminal;
    const does = status === "running" && command !== null ? `running ${command.split("\n")[0]?.slice(0, 80)}` : status;
    const by = terminal.createdBy === "person" ? ", opened by the person" : "";
    return `- ${terminal.name}: ${terminal.shell}, ${does}${by}`;
  });
  return `[TERMINALS]\n${lines.join("\n")}`;
}
