/**
 * Whether a reply without a program was meant to act: a tool call of another convention, an edit to be applied, a
 * program in an ordinary fence that calls our functions, or a control block whose opening line is none. Examples in an answer must not be taken for one, so
 * text inside fences counts only when it names a function that exists, or when the fence is the whole reply.
 */
import type { ParsedReply } from "./reply-parser.ts";

const TAGS = [
  "<tool_(?:calls?|use)>",
  "<function_calls>",
  "<invoke[ >]",
  "<function=",
  "<codepilot>",
  "<(?:execute_command|write_to_file|replace_in_file|apply_diff|use_mcp_tool|attempt_completion)>",
  "\\[TOOL_CALLS\\]",
  "<\\|(?:python_tag|channel|start|message|call|tool_calls?(?:_(?:section_)?begin)?)\\|>",
  "<｜tool▁calls?▁begin｜>",
].join("|");
/** At the start of a line, or right before what a call is made of: a tag that is only mentioned has words behind it. */
const ENVELOPE = new RegExp(`(?:^|\\n)[ \\t]{0,8}(?:${TAGS})|(?:${TAGS})\\s{0,8}[[{<]|\\bto=functions\\.\\w`);

const CALL_NAME =
  /"(name|tool|tool_name|function|function_name|recipient_name|action)"\s*:\s*"(?:functions\.)?([\w.:-]{1,100})"/g;
const CALL_ARGUMENTS = /"(?:arguments|parameters|args|params|kwargs|input|tool_input|action_input)"\s*:/;
/** How far from the name, in characters, the arguments and the beginning of the object are looked for. */
const CALL_REACH = 300;

const PYTHON = new Set(["python", "python3", "py", "tool_code", "tool_call", "tool_calls"]);
const JSON_FENCES = new Set(["json", "jsonc", "", "tool_call", "tool_calls", "tool_code", "tool", "xml"]);
/** A statement at the left margin that is a call, its result kept, printed or not. */
const TOP_LEVEL_CALL =
  /^(?:[\w, ]{1,80}=[ \t]{0,4})?(?:await )?(?:print\()?(?:(?:tools|functions|default_api|codepilot)\.)?([A-Za-z_]\w{0,80})[ \t]?\(/gm;
/** Tools may be named like these; a call of them is no sign. */
const PYTHON_BUILTINS = new Set(["exec", "eval", "input", "open", "print", "filter", "map", "help"]);

/** A reply that is nothing but calls: `read_file("a")`, `[read_file(path="a"), find("x")]`, `functions.find({…})`. */
const CALLS_ONLY = /^\[?(?:(?:tools|functions|default_api|codepilot)\.)?([A-Za-z_]\w{0,80})\(.*\)[\];]?$/s;
/** A closing parenthesis with a sentence behind it. */
const WORDS_BEHIND_CALL = /\)[ \t]{1,4}[A-Za-z]{1,40}[ \t]{1,4}[A-Za-z]/;
const NAMED_ACTION = /^Action:[ \t]{0,8}`?([\w.-]{1,100})`?[ \t]*$/gm;
const ACTION_INPUT = /^Action Input:/m;

/** Behind other words, in a list, quoted or indented: what reads like the opening line of a control block. */
const CONTROL_BEHIND_WORDS = /[^`~\r\n](?:`{3,}|~{3,})[ \t]{0,8}codepilot[ \t]{0,8}\r?\n/i;
const CLOSING_LINE = /^[ \t>]{0,16}(?:`{3,}|~{3,})[ \t]*$/m;
/** An opening line with more than the one word: `{codepilot}`, `codepilot.py`, `python codepilot`. */
const CONTROL_IN_INFO = /[`~\s{.]codepilot(?=[\s}:]|\.py\b)/i;

const SEARCH = /^<{5,9}[ \t]{0,4}S(?:EA)?RCH\b/im;
const REPLACE = /^>{5,9}[ \t]{0,4}RE?PLACE\b/im;
const PATCH = /^\*\*\* Begin Patch/m;

/** `toolNames`: the functions that a program could have called. */
export function looksLikeForeignCall({ text, displayFences }: ParsedReply, toolNames: Iterable<string>): boolean {
  const tools = new Set(toolNames);
  const outside: string[] = [];
  let from = 0;
  for (const fence of displayFences) {
    outside.push(text.slice(from, fence.start));
    from = fence.end;
  }
  let words = [...outside, text.slice(from)].join("\n");
  const [only] = displayFences;
  if (only && displayFences.length === 1 && words.trim() === "") words = text.slice(only.bodyStart, only.bodyEnd);
  else words = words.replace(/(?<!`)`+[^`\n]+`+/g, "code");

  if (ENVELOPE.test(words) || isDiff(words) || hasToolTag(words, tools)) return true;
  if (CONTROL_BEHIND_WORDS.test(words) && CLOSING_LINE.test(text)) return true;
  if (displayFences.some(({ start, bodyStart }) => CONTROL_IN_INFO.test(text.slice(start, bodyStart)))) return true;
  if (hasNamedAction(words, tools)) return true;
  const mayBePython = !only || only.language === "" || PYTHON.has(only.language);
  if (mayBePython && isOnlyCalls(words.trim(), tools)) return true;
  if ((SEARCH.test(text) && REPLACE.test(text)) || PATCH.test(text)) return true;
  if (hasJsonCall(words, tools, true)) return true;
  return displayFences.some(({ language, bodyStart, bodyEnd }) => {
    const isPython = PYTHON.has(language);
    const isJson = JSON_FENCES.has(language);
    if (!isPython && !isJson) return false;
    const body = text.slice(bodyStart, bodyEnd);
    return (isPython && callsTool(body, tools)) || (isJson && hasJsonCall(body, tools, false));
  });
}

function isDiff(words: string): boolean {
  if (/^diff --git \S/m.test(words)) return true;
  return /^--- \S/m.test(words) && /^\+\+\+ \S/m.test(words) && /^@@ /m.test(words);
}

function isOnlyCalls(words: string, tools: ReadonlySet<string>): boolean {
  const name = CALLS_ONLY.exec(words)?.[1] ?? "";
  return tools.has(name) && !WORDS_BEHIND_CALL.test(words);
}

function hasNamedAction(words: string, tools: ReadonlySet<string>): boolean {
  if (!ACTION_INPUT.test(words)) return false;
  for (const [, name = ""] of words.matchAll(NAMED_ACTION)) if (tools.has(name)) return true;
  return false;
}

/** `<read_file>` on a line of its own: calls as XML elements. */
function hasToolTag(words: string, tools: ReadonlySet<string>): boolean {
  for (const [, name = ""] of words.matchAll(/^[ \t]{0,8}<(\w{1,80})>/gm)) if (tools.has(name)) return true;
  return false;
}

/** `anyName`: a call of a function that does not exist counts too. */
function hasJsonCall(words: string, tools: ReadonlySet<string>, anyName: boolean): boolean {
  for (const match of words.matchAll(CALL_NAME)) {
    const [whole, key = "", name = ""] = match;
    const known = tools.has(name);
    if (!known && !anyName) continue;
    const begin = Math.max(0, match.index - CALL_REACH);
    // A line that is cut at the beginning of the window is not the start of a line.
    const before = (begin > 0 ? "." : "") + words.slice(begin, match.index);
    if (!/(?:^|\n)[ \t]{0,40}[[{]/.test(before)) continue;
    if (known && key.startsWith("tool")) return true;
    const end = match.index + whole.length;
    if (CALL_ARGUMENTS.test(words.slice(end, end + CALL_REACH)) || CALL_ARGUMENTS.test(before)) return true;
  }
  return false;
}

function callsTool(code: string, tools: ReadonlySet<string>): boolean {
  const called = new Set<string>();
  for (const [, name = ""] of code.matchAll(TOP_LEVEL_CALL)) {
    if (tools.has(name) && !PYTHON_BUILTINS.has(name)) called.add(name);
  }
  if (called.size === 0) return false;
  // Example code that brings its own function of that name calls that one.
  for (const [, name = ""] of code.matchAll(/^[ \t]*(?:async )?def (\w{1,80})/gm)) called.delete(name);
  for (const [line] of code.matchAll(/^(?:from|import) [^\n]*/gm)) {
    for (const [name] of line.matchAll(/\w+/g)) called.delete(name);
  }
  return called.size > 0;
}
