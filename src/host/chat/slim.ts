/**
 * What the panel gets of an entry or event: without what only a provider can read, and cut where no card shows more.
 * The journal has all of it; what a person is asked to decide is never cut.
 */
import { endOfRaw } from "../../base/raw-output.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import type { Item, ScriptOutcome, ToolOutcome, UserInput } from "../../protocol/items.ts";
import { LIVE_TAIL_CHARS } from "../../protocol/reduce-live.ts";
import type { Entry, NoticeEntry, QueuedMessage, ToolEntry } from "../../protocol/state.ts";
import { slimProgram, slimReply } from "./slim-reply.ts";

/** Of a running call; the panel never shows more. */
export const OUTPUT_CHUNK_CHARS = 2 * LIVE_TAIL_CHARS;
/** What the model was told; the panel shows `display` and, for tools without one, this. */
const OUTPUT_CHARS = 8_000;
const DISPLAY_CHARS = 32_000;
const ARGUMENTS_CHARS = 20_000;
/** Of one text in them, where all together are too long. */
const ARGUMENT_CHARS = 2_000;
const NAMES = 100;
const WORDS_CHARS = 64_000;
const NOTICE_CHARS = 8_000;
const DIFF_CHARS = 40_000;

const slimEntries = new WeakMap<Entry, Entry>();

export function slimEntry(entry: Entry): Entry {
  let slim = slimEntries.get(entry);
  if (!slim) {
    slim = makeSlim(entry);
    slimEntries.set(entry, slim);
  }
  return slim;
}

function makeSlim(entry: Entry): Entry {
  switch (entry.kind) {
    case "item":
      return { ...entry, item: slimItem(entry.item) };
    case "notice":
      return slimNotice(entry);
    case "tool": {
      const { replay: _sealed, outcome, ...rest } = entry;
      const tool = { ...slimPermission(rest), argumentsText: slimArguments(entry.argumentsText) };
      return outcome ? { ...tool, outcome: slimOutcome(outcome) } : tool;
    }
    case "script": {
      const { outcome, ...rest } = entry;
      const script = { ...rest, source: slimProgram(entry.source) };
      return outcome ? { ...script, outcome: slimScriptOutcome(outcome) } : script;
    }
  }
}

export function slimEvent(event: AgentEvent): AgentEvent {
  switch (event.type) {
    case "item.finished":
      return { ...event, item: slimItem(event.item) };
    case "tool.requested": {
      const { replay: _sealed, ...rest } = event;
      return { ...rest, argumentsText: slimArguments(event.argumentsText) };
    }
    case "tool.output":
    case "terminal.output":
      return { ...event, chunk: endOfRaw(event.chunk, OUTPUT_CHUNK_CHARS) };
    case "tool.finished":
      return { ...event, outcome: slimOutcome(event.outcome) };
    case "script.started":
      return { ...event, source: slimProgram(event.source) };
    case "script.output":
      return { ...event, chunk: event.chunk.slice(-OUTPUT_CHUNK_CHARS) };
    case "script.finished":
      return { ...event, outcome: slimScriptOutcome(event.outcome) };
    case "turn.started":
      // With an id it is the item itself.
      return { ...event, input: event.itemId === undefined ? slimInput(event.input) : slimWords(event.input) };
    case "message.queued":
      return { ...event, input: slimInput(event.input) };
    case "terminal.ran":
      // The panel has a line for it; its output is for the model, and so are the words in which it is told.
      return { ...event, command: { ...event.command, output: "" } };
    case "terminal.reported":
      return { ...event, text: "" };
    case "notice.raised":
      return slimNotice(event);
    default:
      return event;
  }
}

export function slimQueued(message: QueuedMessage): QueuedMessage {
  return { ...message, input: slimInput(message.input) };
}

/** Beside its item, which has the images, an input gives a title and a line in the queue. */
function slimInput(input: UserInput): UserInput {
  return { text: input.text.slice(0, 1_000) };
}

function slimWords<T extends UserInput>(words: T): T {
  return { ...words, text: shortened(words.text, WORDS_CHARS) };
}

function slimItem(item: Item): Item {
  if (item.kind === "user_message") return item.origin === "terminal" ? { ...item, text: "" } : slimWords(item);
  const { replay: _sealed, ...rest } = item;
  return rest.kind === "assistant_message" && rest.blocks ? slimReply(rest) : rest;
}

/** Arguments that are JSON stay JSON: the long texts in them are cut. */
function slimArguments(text: string): string {
  if (text.length <= ARGUMENTS_CHARS) return text;
  try {
    const slim = JSON.stringify(JSON.parse(text), (_name, value) =>
      typeof value === "string" ? shortened(value, ARGUMENT_CHARS) : value,
    );
    return shortened(slim, ARGUMENTS_CHARS);
  } catch {
    return shortened(text, ARGUMENTS_CHARS);
  }
}

/** The model's text of it ends with what went wrong. */
function slimScriptOutcome(outcome: ScriptOutcome): ScriptOutcome {
  const printed = shortened(outcome.printed, DISPLAY_CHARS);
  const names = outcome.names?.slice(0, NAMES) ?? null;
  return { ...outcome, output: outcome.output.slice(-OUTPUT_CHARS), printed, names };
}

/** Once it is answered, its diff is only to be looked at; where the change was made, the outcome has it. */
function slimPermission<T extends Pick<ToolEntry, "permission">>(tool: T): T {
  const { permission } = tool;
  if (!permission?.answer || permission.request.access.kind !== "write") return tool;
  const access = { ...permission.request.access, diff: shortened(permission.request.access.diff, DIFF_CHARS) };
  return { ...tool, permission: { ...permission, request: { ...permission.request, access } } };
}

function slimOutcome(outcome: ToolOutcome): ToolOutcome {
  const { images: _forTheModel, display, ...rest } = outcome;
  const slim = { ...rest, output: shortened(outcome.output, OUTPUT_CHARS) };
  if (!display) return slim;
  if (display.kind === "text")
    return { ...slim, display: { ...display, text: shortened(display.text, DISPLAY_CHARS) } };
  if (display.kind !== "command") return { ...slim, display };
  return { ...slim, display: { ...display, outputTail: shortened(display.outputTail, DISPLAY_CHARS) } };
}

export function slimNotice<T extends Pick<NoticeEntry, "message">>(notice: T): T {
  return { ...notice, message: shortened(notice.message, NOTICE_CHARS) };
}

/** Head and tail of a long text, with what was left out between them. */
function shortened(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const half = chars / 2;
  const left = (text.length - chars).toLocaleString("en");
  return `${text.slice(0, half)}\n… ${left} characters are left out here …\n${text.slice(-half)}`;
}
