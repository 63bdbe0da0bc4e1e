/** Where a person writes. A plain text area, so that input methods, spell checkers and screen readers work. */
import { type ClipboardEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { UserInput } from "../../../src/protocol/items.ts";
import type { SessionState } from "../../../src/protocol/state.ts";
import { composerAction } from "../logic/composer-keys.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Attachments, attachFiles } from "./attachments.tsx";
import { ComposerButtons } from "./composer-buttons.tsx";

const MAX_HEIGHT_PX = 240;
const growsByItself = CSS.supports("field-sizing", "content");

export type SendMode = "send" | "steer" | "queue";

export function Composer() {
  const panel = usePanel();
  const area = useRef<HTMLTextAreaElement>(null);
  const draft = usePanelState((state) => state.draft);
  const images = usePanelState((state) => state.images);
  const running = usePanelState((state) => isRunning(state.session));
  const interrupted = usePanelState((state) => state.session?.phase === "interrupted");
  const focusRequests = usePanelState((state) => state.focusRequests);
  const [problem, setProblem] = useState<string | null>(null);
  const empty = draft === "";
  const canSend = !interrupted && (draft.trim() !== "" || images.length > 0);

  useLayoutEffect(() => {
    const element = area.current;
    if (growsByItself || !element) return;
    element.value = draft;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [draft]);
  useEffect(() => {
    const element = area.current;
    if (focusRequests === 0 || !element) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, [focusRequests]);

  const send = (mode: SendMode): void => {
    if (!canSend) return;
    const input: UserInput = { text: draft.trim(), ...(images.length > 0 ? { images: [...images] } : {}) };
    const { session } = panel.store.getState();
    if (!session) panel.start(input);
    else panel.op({ type: mode === "steer" ? "turn.steer" : "turn.submit", input });
    panel.set({ draft: "", images: [] });
    setProblem(null);
    area.current?.focus();
  };
  const stop = (): void => {
    panel.op({ type: "turn.interrupt" });
    area.current?.focus();
  };
  const attach = async (files: readonly File[]): Promise<void> => {
    const attached = panel.store.getState().images;
    const result = await attachFiles(files, attached.length);
    panel.set({ images: [...panel.store.getState().images, ...result.images] });
    setProblem(result.problem);
    if (result.problem !== null) panel.announce(result.problem);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const last = lastWords(panel.store.getState().session);
    const action = composerAction(event.nativeEvent, { running, canSend, empty, hasHistory: last !== null });
    if (action === "type") return;
    event.preventDefault();
    if (action === "stop") stop();
    else if (action === "recall" && last !== null) panel.set({ draft: last });
    else if (action === "send" || action === "steer" || action === "queue") send(action);
  };
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    void attach(files);
  };

  const label = running ? "Message to CodePilot while it works" : "Message to CodePilot";
  return (
    <section className="composer" aria-label="Composer">
      <div className="composer-box">
        <Attachments onProblem={setProblem} />
        <textarea
          ref={area}
          id="composer"
          rows={2}
          value={draft}
          aria-label={label}
          aria-describedby={problem === null ? undefined : "composer-problem"}
          placeholder={interrupted ? "Resume or discard the interrupted turn first" : placeholder(running)}
          spellCheck
          onChange={(event) => panel.set({ draft: event.target.value })}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <ComposerButtons running={running} canSend={canSend} onSend={send} onStop={stop} onFiles={attach} />
      </div>
      {problem !== null && (
        <p className="composer-problem" id="composer-problem">
          {problem}
        </p>
      )}
    </section>
  );
}

function placeholder(running: boolean): string {
  return running ? "Steer it, or queue what comes next" : "Describe a task";
}

export function isRunning(session: SessionState | null): boolean {
  return session !== null && session.activeTurnId !== null && session.phase !== "interrupted";
}

/** What the person wrote last in this session. */
function lastWords(session: SessionState | null): string | null {
  for (const turn of session?.turns.toReversed() ?? []) {
    const entry = turn.entries.findLast(
      (candidate) =>
        candidate.kind === "item" &&
        candidate.item.kind === "user_message" &&
        (candidate.item.origin === "person" || candidate.item.origin === "steer"),
    );
    if (entry?.kind === "item") return entry.item.text;
  }
  return null;
}
