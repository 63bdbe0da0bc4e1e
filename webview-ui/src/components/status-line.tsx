/** The last line: what goes on, and what it has cost. */
import type { Phase } from "../../../src/protocol/state.ts";
import { formatTokens } from "../logic/format.ts";
import { usePanelState } from "../store.ts";

const phases: Record<Phase, string> = {
  idle: "",
  sampling: "Working",
  "running-tools": "Running tools",
  "awaiting-permission": "Waiting for your permission",
  "awaiting-answer": "Waiting for your answer",
  retrying: "Waiting to try again",
  interrupted: "Interrupted",
};

export function StatusLine() {
  const phase = usePanelState((state) => state.session?.phase ?? "idle");
  const usage = usePanelState((state) => state.session?.usage);
  const context = usePanelState((state) => state.session?.contextTokens ?? null);
  const used = usage && usage.inputTokens + usage.outputTokens > 0;
  return (
    <footer className={`status-line ${phase}`}>
      <span className="phase">{phases[phase] || <Hint />}</span>
      {used && (
        <span
          className="tokens"
          title={[
            `Input: ${usage.inputTokens.toLocaleString()} tokens, ${usage.cachedInputTokens.toLocaleString()} of them cached`,
            `Output: ${usage.outputTokens.toLocaleString()} tokens, ${usage.reasoningTokens.toLocaleString()} of them reasoning`,
            ...(context === null ? [] : [`Context: ${context.toLocaleString()} tokens after the newest answer`]),
          ].join("\n")}
        >
          {context !== null && <span className="context">{formatTokens(context)} context</span>}
          <span>
            <span aria-hidden="true">↑</span>
            <span className="visually-hidden">Tokens in: </span>
            {formatTokens(usage.inputTokens)}
          </span>
          <span>
            <span aria-hidden="true">↓</span>
            <span className="visually-hidden">Tokens out: </span>
            {formatTokens(usage.outputTokens)}
          </span>
        </span>
      )}
    </footer>
  );
}

function Hint() {
  return (
    <span className="hint-keys">
      <kbd>Enter</kbd> to send, <kbd>Shift+Enter</kbd> for a new line
    </span>
  );
}
