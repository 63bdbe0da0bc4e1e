/** What has happened to terminals while nobody heard it, from what was known before and what is so now. */
import { isDeepStrictEqual } from "node:util";
import type { TerminalEvent } from "../../ports/terminals.ts";
import { isLiving, type TerminalInfo } from "../../protocol/terminals.ts";

export function missedEvents(
  before: ReadonlyMap<string, TerminalInfo>,
  now: ReadonlyMap<string, TerminalInfo>,
): TerminalEvent[] {
  const events: TerminalEvent[] = [];
  for (const [name, info] of now) {
    const known = before.get(name);
    if (isDeepStrictEqual(known, info)) continue;
    if (known === undefined) {
      if (isLiving(info)) events.push({ type: "opened", terminal: info });
    } else if (info.status !== "exited") events.push({ type: "changed", terminal: info });
    else if (isLiving(known)) events.push({ type: "exited", name, exitCode: info.exitCode });
  }
  for (const [name, info] of before) {
    if (isLiving(info) && !now.has(name)) events.push({ type: "exited", name, exitCode: null });
  }
  return events;
}
