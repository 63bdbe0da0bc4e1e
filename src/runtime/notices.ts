/** What the person is told beside the conversation: something was passed over, or is not as they would expect. */
import type { NewEvent } from "../protocol/events.ts";
import type { SessionState } from "../protocol/state.ts";

export type Notice = Extract<NewEvent, { type: "notice.raised" }>;

/** Of many warnings the first are told, and the number of the others. */
const SHOWN_WARNINGS = 3;

/** `warnings`: what was passed over when the journal was read. */
export function journalNotice(warnings: readonly string[]): Notice | null {
  if (warnings.length === 0) return null;
  const more = warnings.length - SHOWN_WARNINGS;
  const shown = warnings.slice(0, SHOWN_WARNINGS).join("; ") + (more > 0 ? `; and ${more} more` : "");
  return {
    type: "notice.raised",
    level: "warning",
    code: "journal-incomplete",
    message: `A part of what was kept of this session could not be read: ${shown}.`,
    next: "The rest is whole, and the session can go on. All that was left out is listed in the log.",
  };
}

export function instructionsNotice(problem: string): Notice {
  return {
    type: "notice.raised",
    level: "warning",
    code: "instructions-unreadable",
    message: `AGENTS.md can not be read, so its instructions are not followed: ${problem}.`,
    next: "Make it a readable file, or remove it; it is read anew with the next turn.",
  };
}

export function terminalNotice(terminal: string, remark: string): Notice {
  return {
    type: "notice.raised",
    level: "warning",
    code: "terminal-fallback",
    message: `Terminal ${terminal}: ${remark}${remark.endsWith(".") ? "" : "."}`,
  };
}

/** Those that the session has not been told yet, in these very words. */
export function untold(notices: readonly (Notice | null)[], state: SessionState): readonly Notice[] {
  const entries = [...state.earlyNotices, ...state.turns.flatMap((turn) => turn.entries)];
  const told = entries.filter((entry) => entry.kind === "notice");
  return notices.filter(
    (notice): notice is Notice =>
      notice !== null && !told.some(({ code, message }) => code === notice.code && message === notice.message),
  );
}
