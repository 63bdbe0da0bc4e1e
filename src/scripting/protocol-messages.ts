/**
 * Every word the runtime says to a model about the reply protocol, in one place. A message names the cause in its
 * first line, then what was done (nothing), then only the rules that repair this mistake.
 */

/** Names listed in one message, and characters of one name. */
const MAX_LISTED = 10;
const MAX_NAME_CHARS = 200;

const NOTHING_RAN = "No tool code from the previous response ran, and no file was changed.";
const NO_FILE_CHANGED = "No file was changed.";

const ONE_CONTROL_BLOCK =
  "Send exactly one ```codepilot block with all calls of this step in it. What depends on a result goes into the next reply.";
const OWN_PAYLOAD = `Every write_file call needs a payload block of its own whose opening line says \`filename=\` and the path of the call:
\`\`\`text filename=PATH
content of the file
\`\`\``;
const LONGER_FENCE = `A payload that contains a line of \`\`\` needs a longer fence: open it with four backticks (or ~~~) and close it with the same:
\`\`\`\`markdown filename=README.md
text with \`\`\` lines in it
\`\`\`\``;
const CLOSING_LINE =
  "Close every block with a line that has nothing but its fence: the same mark, at least as many as in the opening line.";
const RESEND = "Send the whole reply again; nothing of it is remembered as done.";

function protocolError(cause: string, ...repairs: readonly string[]): string {
  return [`PROTOCOL ERROR: ${cause}`, NOTHING_RAN, ...repairs.map((repair) => `- ${repair}`)].join("\n");
}

/** A name for a message: in double quotes, control characters escaped, cut if it is very long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS)}…` : name);
}

/** `items` with commas, at most ten of them. */
function listed(items: readonly string[]): string {
  const more = items.length - MAX_LISTED;
  return more > 0 ? `${items.slice(0, MAX_LISTED).join(", ")} and ${more} more` : items.join(", ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

// The reply as a whole.

/** `inside`: the block that was being written, if there was one; `complete`: blocks that were whole. */
export function cutReply(inside: string | null, complete: number, acts: boolean): string {
  const where = inside === null ? "" : ` inside ${inside}`;
  const kept = `What you had written is kept in the conversation${complete > 0 ? `, ${count(complete, "complete block")} included` : ""}, but nothing of it was executed.`;
  if (!acts) {
    return protocolError(
      `your reply was cut by the output limit${where}.`,
      `${kept} Go on from there, in fewer words; if you were about to act, send a short reply with the block.`,
    );
  }
  return protocolError(
    `your reply was cut by the output limit${where}.`,
    `${kept} Send the blocks again, in smaller pieces: fewer files in a reply.`,
    'Write a large file in parts: write_file(path) with the first part, then write_file(path, mode="a") with the next part in the next reply.',
  );
}

export function unclosedBlock(block: string): string {
  return protocolError(
    `${block} is not closed: the reply ends before its closing fence.`,
    CLOSING_LINE,
    LONGER_FENCE,
    RESEND,
  );
}

export function severalControlBlocks(found: number): string {
  return protocolError(`your reply has ${found} control blocks, and one is allowed.`, ONE_CONTROL_BLOCK);
}

export function severalCompletions(found: number): string {
  return protocolError(
    `your reply has ${found} completion blocks, and one is allowed.`,
    "Send at most one ```completion block, as the last one, when the whole task is done.",
  );
}

export function emptyControlBlock(): string {
  return protocolError(
    "the control block is empty.",
    "Put the Python that is to run between ```codepilot and its closing fence.",
    "Where nothing is left to run, leave it out: a ```completion block alone ends the task.",
  );
}

export function payloadsWithoutControl(filenames: readonly string[]): string {
  const files = listed(filenames.map(quoted));
  return protocolError(
    `your reply has ${count(filenames.length, "payload block")} (${files}), but no control block that writes ${filenames.length === 1 ? "it" : "them"}.`,
    `A payload is written by a call: add a control block before the payloads:
\`\`\`codepilot
write_file(${quoted(filenames[0] ?? "PATH")})
\`\`\``,
    "An example that is not to be written needs no filename= in its opening line.",
  );
}

export function payloadWithoutName(position: number, total: number): string {
  return protocolError(`payload ${position} of ${total} has an empty filename=.`, OWN_PAYLOAD);
}

/** A bare fence after a payload is what an inner fence leaves behind when it has cut its payload short. */
export function fenceAfterPayload(filename: string): string {
  return protocolError(
    `after the payload ${quoted(filename)} comes a fence without filename=. Either that payload has \`\`\` lines in it and ended at the first of them, or this fence is a payload that lacks its filename=.`,
    LONGER_FENCE,
    OWN_PAYLOAD,
    "Put examples for the reader before the control block.",
  );
}

export function controlInsideFence(): string {
  return protocolError(
    "a ```codepilot line stands inside an ordinary fence that was not closed before it, so it is only text.",
    "Close every ordinary fence before the control block.",
    "To show a ```codepilot block without running it, put it into a longer fence (four backticks).",
  );
}

export function thinkingInsideFence(): string {
  return protocolError(
    "a closing thinking tag (such as </think>) stands inside a fence that goes on behind it, so it can not be told which blocks are meant.",
    "Close every fence before the thinking ends, and put the blocks that are meant behind it.",
    LONGER_FENCE,
    RESEND,
  );
}

/** For a reply without any block that looks like a tool call of another convention. */
export function foreignEnvelope(): string {
  return protocolError(
    "your reply looks like a tool call or an edit of another convention, and NOTHING was executed.",
    `Only a fenced block of Python runs here:
\`\`\`codepilot
print(read_file("README.md"))
\`\`\``,
    "Its opening line has nothing before the marks and nothing but `codepilot` behind them.",
    OWN_PAYLOAD,
    "If you only wanted to answer, answer in plain words.",
  );
}

// Payloads, while the program runs.

export interface UnusedPayload {
  /** Among the payloads, from 1. */
  readonly position: number;
  readonly filename: string;
}

function unusedList(unused: readonly UnusedPayload[]): string {
  if (unused.length === 0) return "There is no unused payload.";
  return `Unused: ${listed(unused.map(({ position, filename }) => `payload ${position} ${quoted(filename)}`))}.`;
}

/** `closest`: a payload that may have been meant; `used`: payloads of this path that earlier calls took. */
export function payloadMissing(
  path: string,
  found: { readonly wanted: number; readonly available: number; readonly used: number },
  unused: readonly UnusedPayload[],
  closest: UnusedPayload | undefined,
): string {
  const { wanted, available, used } = found;
  const call = wanted === 1 ? `write_file(${quoted(path)})` : `write_file(${quoted(path)}, mode="multi_edit")`;
  const lines = [
    `Payload count mismatch: ${call} needs ${count(wanted, "payload")} with filename=${shownValue(path)}, and ${available} ${available === 1 ? "is" : "are"} left${used > 0 ? ` (${used} went to earlier calls)` : ""}. ${NO_FILE_CHANGED}`,
    unusedList(unused),
  ];
  if (closest) {
    lines.push(
      `Was payload ${closest.position} ${quoted(closest.filename)} meant to be filename=${shownValue(path)}? The filename= of a payload and the path of its call must be the same.`,
    );
  }
  if (wanted > 1) lines.push("multi_edit takes one payload block for each range, in the order of edits.");
  lines.push(OWN_PAYLOAD.replace("filename=PATH", () => `filename=${shownValue(path)}`));
  return lines.join("\n");
}

/** How a path stands behind `filename=`, where quotes are taken as they are and nothing is escaped. */
function shownValue(path: string): string {
  const short = path.length > MAX_NAME_CHARS ? `${path.slice(0, MAX_NAME_CHARS)}…` : path;
  if (/^[^\s"'`]+$/.test(short)) return short;
  if (/[\r\n]/.test(short)) return quoted(path);
  return short.includes('"') ? `'${short}'` : `"${short}"`;
}

export function payloadsLeftOver(unused: readonly UnusedPayload[], total: number): string {
  const names = listed(unused.map(({ position, filename }) => `payload ${position} ${quoted(filename)}`));
  const verb = unused.length === 1 ? "was not used" : "were not used";
  return `Payload count mismatch: ${unused.length} of ${count(total, "payload")} ${verb}: ${names}. Nothing of ${unused.length === 1 ? "it" : "them"} was written: each payload needs its own write_file call with the same path, in the same reply.`;
}

// Arguments of write_file.

const MODES =
  'Valid modes: mode="w" (whole file), "a" (append), "edit" (start_line, end_line), "insert" (after_line), "multi_edit" (edits).';

function writeError(cause: string, ...more: readonly string[]): string {
  return [`${cause} ${NO_FILE_CHANGED}`, ...more].join("\n");
}

export function contentArgument(name: string, path: string | undefined): string {
  const payload =
    path === undefined ? OWN_PAYLOAD : OWN_PAYLOAD.replace("filename=PATH", () => `filename=${shownValue(path)}`);
  return writeError(
    `write_file never accepts file content as an argument (${name}).`,
    payload,
    "Content that the program computes: payload(path, text) and then write_file(path).",
  );
}

/** `mode`: the one that the text names. */
export function textForLine(text: string, mode: string | undefined, path: string): string {
  if (mode === undefined) return contentArgument(`${quoted(text)} where a line number belongs`, path);
  return writeError(`write_file takes its mode by name: mode=${quoted(mode)}.`, MODES);
}

export function unknownArguments(names: readonly string[]): string {
  return writeError(
    `write_file has no argument ${listed(names.map((name) => quoted(name)))}.`,
    'Its signature: write_file(path, start_line=None, end_line=None, after_line=None, mode="w", edits=None).',
  );
}

export function pathArgument(): string {
  return writeError("write_file needs a path: a string that is not empty.", 'For example: write_file("src/main.py").');
}

export function invalidMode(mode: string, meant: string | undefined): string {
  const hint = meant === undefined ? "" : ` Did you mean mode='${meant}'?`;
  const shown = mode.length > MAX_NAME_CHARS ? `${mode.slice(0, MAX_NAME_CHARS)}…` : mode;
  return writeError(`write_file: invalid mode '${shown}'.${hint}`, MODES);
}

export function foreignToMode(mode: string, names: readonly string[], better: string | undefined): string {
  const hint = better === undefined ? "" : ` Use mode='${better}' for that.`;
  return writeError(`write_file: mode '${mode}' does not take ${names.join(" and ")}.${hint}`, MODES);
}

export function missingForMode(mode: string, names: readonly string[]): string {
  return writeError(`write_file: mode '${mode}' needs ${names.join(" and ")}.`, MODES);
}

/** `name` may be a place in edits, such as `edits[2]`. */
export function invalidLine(name: string, least: number): string {
  return writeError(`write_file: ${name} must be a whole number, ${least} or more.`);
}

export function reversedRange(start: number, end: number): string {
  return writeError(
    `write_file: end_line ${end} is before start_line ${start}.`,
    "To add lines without removing any, use mode='insert' with after_line.",
  );
}

export function invalidEdits(position: number | null): string {
  const cause =
    position === null ? "edits must be a list with at least one range" : `edits[${position}] is not a range`;
  return writeError(
    `write_file: ${cause}.`,
    'A range is a pair of line numbers, both included: write_file(path, mode="multi_edit", edits=[(3, 5), (9, 9)]), with one payload block each.',
  );
}
