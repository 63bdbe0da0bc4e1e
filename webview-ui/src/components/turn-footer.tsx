/** How a turn ended, what it took, and what a person can do about an end that was not wanted. */
import type { TurnError } from "../../../src/protocol/items.ts";
import type { TurnState } from "../../../src/protocol/state.ts";
import { formatDuration, plural } from "../logic/format.ts";
import { usePanel } from "../store.ts";
import { Icon } from "./icon.tsx";

const words = { completed: "Done", failed: "Failed", interrupted: "Stopped", limit: "Limit reached" };
const icons = { completed: "check", failed: "error", interrupted: "debug-stop", limit: "warning" };

export function TurnFooter({ turn, last }: { turn: TurnState; last: boolean }) {
  const { finished } = turn;
  if (!finished) return null;
  const { reason, error } = finished;
  return (
    <div className="turn-footer">
      {error && <ErrorNotice error={error} reason={reason} last={last} />}
      <p className={`turn-end ${reason}`}>
        <Icon name={icons[reason]} />
        <span>{words[reason]}</span>
        <span>{formatDuration(finished.durationMs)}</span>
        <span>{plural(turn.steps, "step")}</span>
        <span className="model">{turn.model}</span>
      </p>
      {!error && last && (reason === "interrupted" || reason === "limit") && (
        <div className="buttons">
          <Continue />
        </div>
      )}
    </div>
  );
}

function ErrorNotice({ error, reason, last }: { error: TurnError; reason: string; last: boolean }) {
  return (
    <div className={`notice ${reason === "failed" ? "error" : "warning"}`}>
      <Icon name={reason === "failed" ? "error" : "warning"} />
      <div>
        <p>{error.message}</p>
        {error.next && <p className="meta">{error.next}</p>}
        {last && <Remedies error={error} />}
      </div>
    </div>
  );
}

function Remedies({ error }: { error: TurnError }) {
  const { post } = usePanel();
  const setKey = (
    <button type="button" className="button" onClick={() => post({ type: "key.set" })}>
      Set API key
    </button>
  );
  const otherModel = (
    <button type="button" className="button secondary" onClick={() => post({ type: "model.pick" })}>
      Select another model
    </button>
  );
  const openLog = (
    <button type="button" className="button secondary" onClick={() => post({ type: "log.open" })}>
      Open log
    </button>
  );
  switch (error.class) {
    case "auth":
      return (
        <div className="buttons">
          {setKey}
          {otherModel}
          <Continue secondary />
        </div>
      );
    case "bad-request":
      return (
        <div className="buttons">
          {otherModel}
          <button type="button" className="button secondary" onClick={() => post({ type: "settings.open" })}>
            Open settings
          </button>
          <Continue secondary />
        </div>
      );
    case "context-overflow":
      return (
        <div className="buttons">
          <button type="button" className="button" onClick={() => post({ type: "session.new" })}>
            New session
          </button>
          {otherModel}
        </div>
      );
    case "storage":
    case "internal":
      return (
        <div className="buttons">
          <Continue />
          {openLog}
        </div>
      );
    default:
      return (
        <div className="buttons">
          <Continue />
          {otherModel}
        </div>
      );
  }
}

function Continue({ secondary = false }: { secondary?: boolean }) {
  const { op } = usePanel();
  return (
    <button
      type="button"
      className={`button${secondary ? " secondary" : ""}`}
      onClick={() => op({ type: "turn.submit", input: { text: "Continue." } })}
    >
      Continue
    </button>
  );
}
