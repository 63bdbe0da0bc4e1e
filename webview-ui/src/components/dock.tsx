/** What belongs to the composer rather than to the past: queued messages and an interrupted turn. */
import type { QueuedMessage } from "../../../src/protocol/state.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon, IconButton } from "./icon.tsx";

const nothingQueued: readonly QueuedMessage[] = [];

export function Dock() {
  const panel = usePanel();
  const phase = usePanelState((state) => state.session?.phase);
  const queued = usePanelState((state) => state.session?.queued ?? nothingQueued);
  const held = usePanelState((state) => state.session?.queueHeld ?? false);
  return (
    <div className="dock">
      {phase === "interrupted" && (
        <section className="bar warning" aria-label="Interrupted session">
          <Icon name="debug-disconnect" />
          <div>
            <p>
              <strong>This session was interrupted.</strong> Its last turn did not end, because the window or machine
              went away. Nothing was run twice.
            </p>
            <div className="buttons">
              <button type="button" className="button" onClick={() => panel.op({ type: "turn.resume" })}>
                Resume
              </button>
              <button
                type="button"
                className="button secondary"
                onClick={() => {
                  panel.op({ type: "turn.discard" });
                  panel.focusComposer();
                }}
              >
                Discard
              </button>
            </div>
          </div>
        </section>
      )}
      {queued.length > 0 && (
        <section className="queue" aria-label="Queued messages">
          <div className="queue-head">
            <span>{held ? `Held after the stop: ${queued.length}` : `${queued.length} queued`}</span>
            {held && (
              <button type="button" className="button small" onClick={() => panel.op({ type: "queue.release" })}>
                Send now
              </button>
            )}
          </div>
          <ul>
            {queued.map((message) => (
              <li key={message.messageId}>
                <Icon name={message.mode === "steer" ? "arrow-right" : "list-ordered"} />
                <span
                  className="clip"
                  title={`${message.input.text} (${message.mode === "steer" ? "at next step" : "after this turn"})`}
                >
                  {message.input.text || "Image"}
                </span>
                <span className="meta">{message.mode === "steer" ? "at next step" : "after this turn"}</span>
                <IconButton
                  icon="close"
                  label={`Remove “${message.input.text.slice(0, 40)}”`}
                  onClick={() => panel.op({ type: "message.withdraw", messageId: message.messageId })}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
