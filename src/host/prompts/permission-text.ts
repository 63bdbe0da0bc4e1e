/**
 * A permission request in the plain text of a modal message: everything the person decides about, nothing that the
 * model could dress up. Control characters are shown, never obeyed; long texts are cut where it is said.
 */
import { assertNever } from "../../base/assert-never.ts";
import type { Access, PermissionRequest } from "../../protocol/permissions.ts";

export interface PromptText {
  readonly message: string;
  readonly detail: string;
}

const BODY_CHARS = 1_500;
const BODY_LINES = 30;
const WRAP_AT = 100;

/** The session a request belongs to, as far as its prompt tells of it. */
export interface PromptSession {
  readonly title: string;
  readonly cwd: string;
}

export function permissionText(request: PermissionRequest, { title, cwd }: PromptSession): PromptText {
  const { access, reason, sessionLabel } = request;
  const parts = [bodyOf(access), placeOf(access), `Asked because ${reason}.`];
  if (sessionLabel !== null) {
    const label = "path" in access ? shortPath(sessionLabel, cwd) : bounded(sessionLabel, 200);
    parts.push(`“Allow in this session” remembers: ${label}`);
  }
  if (title !== "") parts.push(`Task: ${bounded(title, 100)}`);
  return { message: questionOf(request, cwd), detail: parts.filter((part) => part !== "").join("\n\n") };
}

/** One line for lists and the status bar. */
export function permissionLine(request: PermissionRequest): string {
  return bounded(request.title, 120);
}

function questionOf({ access, tool }: PermissionRequest, cwd: string): string {
  switch (access.kind) {
    case "none":
      return `Allow CodePilot to use ${tool}?`;
    case "read":
      return `Allow CodePilot to read ${shortPath(access.path, cwd)}?`;
    case "write":
      return `Allow CodePilot to ${access.change === "create" ? "create" : "change"} ${shortPath(access.path, cwd)}?`;
    case "execute":
      return "Allow CodePilot to run this command?";
    case "input":
      return `Allow CodePilot to type into the terminal “${bounded(access.terminal, 60)}”?`;
    case "terminate":
      return `Allow CodePilot to end the terminal “${bounded(access.terminal, 60)}”?`;
    default:
      return assertNever(access);
  }
}

function bodyOf(access: Access): string {
  switch (access.kind) {
    case "execute":
      return excerpt(access.command);
    case "write": {
      const counts = `+${access.addedLines} −${access.removedLines} lines`;
      return access.diff === "" ? counts : `${counts}\n${excerpt(changedLines(access.diff))}`;
    }
    case "input":
      return excerpt(access.text);
    default:
      return "";
  }
}

function placeOf(access: Access): string {
  switch (access.kind) {
    case "execute":
      return [
        `In ${bounded(access.cwd, 200)}, terminal “${bounded(access.terminal, 60)}”.`,
        ...(access.waitsFor === undefined ? [] : [`Waits for ${bounded(access.waitsFor, 200)}.`]),
        ...(access.keep ? ["Goes on when the session ends."] : []),
      ].join(" ");
    case "input":
      return access.running === null ? "Nothing runs there." : `Running there: ${bounded(access.running, 200)}`;
    case "write":
      return access.unread ? "Its present content was not read in this session." : "";
    case "terminate":
      return access.createdBy === "person" ? "You opened it." : "";
    default:
      return "";
  }
}

/** Relative inside the folder the session works in, whole everywhere else. */
function shortPath(path: string, cwd: string): string {
  const prefix = cwd.endsWith("/") ? cwd : `${cwd}/`;
  return bounded(path.startsWith(prefix) ? path.slice(prefix.length) : path, 200);
}

/** Without the file names, which are in the question already. */
function changedLines(diff: string): string {
  return diff
    .split("\n")
    .filter((line) => !/^(---|\+\+\+|===|Index:|diff )/.test(line))
    .map((line) => line.replace(/^@@ -(\d+).*$/, "⋯ line $1"))
    .join("\n")
    .trimEnd();
}

/** Wrapped by hand, because a modal message folds long lines where it likes. */
function excerpt(text: string): string {
  const visible = showControls(text);
  const cut = visible.slice(0, BODY_CHARS);
  const lines = cut.split("\n").flatMap(wrap);
  const shown = lines.slice(0, BODY_LINES).join("\n");
  const hidden = visible.length - shown.replaceAll("\n", "").length - (cut.split("\n").length - 1);
  return visible.length > BODY_CHARS || lines.length > BODY_LINES
    ? `${shown}\n[… about ${Math.max(1, hidden)} more characters: see the card in the CodePilot panel]`
    : shown;
}

function wrap(line: string): string[] {
  const pieces: string[] = [];
  for (let rest = line; ; rest = rest.slice(WRAP_AT)) {
    pieces.push(rest.slice(0, WRAP_AT));
    if (rest.length <= WRAP_AT) return pieces;
  }
}

function bounded(text: string, limit: number): string {
  const visible = showControls(text).replaceAll("\n", "⏎");
  return visible.length > limit ? `${visible.slice(0, limit - 1)}…` : visible;
}

/** Also what reorders or hides text (bidirectional marks, zero-width characters), so that it reads as it runs. */
function showControls(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll("\t", "    ")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu, (character) => {
      if (character === "\n") return character;
      const code = character.codePointAt(0) ?? 0;
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
    });
}
