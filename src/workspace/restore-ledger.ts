/** What the model knew of files when its process ended, from the session's journal: hashes, not the content. */
import type { AgentEvent, EventOf, Recovery } from "../protocol/events.ts";
import type { ToolDisplay } from "../protocol/items.ts";
import type { FileState, MovedLines, ReadLedger } from "./read-ledger.ts";

type BegunWrite = Extract<Recovery, { kind: "edit" }>;

/** Folds a whole journal into a ledger that knows nothing yet. */
export function restoreLedger(ledger: ReadLedger, events: Iterable<AgentEvent>): void {
  const begun = new Map<string, BegunWrite>();
  for (const event of events) {
    switch (event.type) {
      case "tool.started":
        if (event.recovery.kind === "edit") begun.set(event.callId, event.recovery);
        break;
      case "tool.finished": {
        const write = begun.get(event.callId);
        begun.delete(event.callId);
        const { display, status } = event.outcome;
        if (display) restoreFrom(ledger, display);
        // An edit without its diff was found applied by a later process, or nobody knows whether it was.
        else if (write && (status === "done" || status === "interrupted")) restoreBegun(ledger, write);
        break;
      }
      case "usage.updated":
        // A response has been taken: the request before it showed all results.
        ledger.recordResultsSeen();
        break;
      case "environment.changed":
        for (const file of event.files) restoreTold(ledger, file);
        break;
    }
  }
  for (const write of begun.values()) restoreBegun(ledger, write);
}

function restoreFrom(ledger: ReadLedger, display: ToolDisplay): void {
  if (display.kind === "read") {
    const { path, hash, startLine, endLine, totalLines } = display;
    ledger.recordRead(path, { hash, bytes: null, version: null }, startLine <= 1 && endLine === totalLines);
  }
  if (display.kind === "edit") {
    const { path, beforeHash, afterHash } = display.change;
    if (afterHash === null) {
      ledger.forget(path);
      return;
    }
    // Adding to a file does not show what else is in it, so the base has to be known.
    const seen = beforeHash === null || ledger.hashOf(path) === beforeHash;
    const before = beforeHash === null ? null : { hash: beforeHash, bytes: null };
    ledger.recordWrite(path, before, { hash: afterHash, bytes: null }, { seen, moved: movedIn(display) });
  }
}

/** At the latest; which mode it was written by is not known any more. */
function movedIn({ change, diff }: Extract<ToolDisplay, { kind: "edit" }>): MovedLines {
  if (change.beforeHash === null) return "rewritten";
  if (change.addedLines === change.removedLines) return null;
  const hunk = /^@@ -(\d+)/m.exec(diff)?.[1];
  return Math.max(1, Number(hunk ?? 1));
}

function restoreTold(ledger: ReadLedger, file: EventOf<"environment.changed">["files"][number]): void {
  const state: FileState = file.state === "content" ? { kind: "content", hash: file.hash ?? "" } : { kind: file.state };
  const told = { state, bytes: null, version: null, covered: null, maybeHash: null };
  ledger.recordTold(file.path, told, file.seen);
}

function restoreBegun(ledger: ReadLedger, { path, beforeHash, afterHash }: BegunWrite): void {
  ledger.recordBegun(path, beforeHash, afterHash);
}
