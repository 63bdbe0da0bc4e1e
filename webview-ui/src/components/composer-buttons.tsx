/** The row below the text: model and images at the left, what can be done with the text at the right. */
import { useRef } from "react";
import { IMAGE_TYPES } from "../logic/images.ts";
import { usePanel, usePanelState } from "../store.ts";
import type { SendMode } from "./composer.tsx";
import { Icon, IconButton } from "./icon.tsx";

interface ComposerButtonsProps {
  running: boolean;
  canSend: boolean;
  onSend: (mode: SendMode) => void;
  onStop: () => void;
  onFiles: (files: readonly File[]) => Promise<void>;
}

export function ComposerButtons({ running, canSend, onSend, onStop, onFiles }: ComposerButtonsProps) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className="composer-buttons">
      <ModelButton />
      <IconButton
        icon="attach"
        label="Attach images"
        className={running ? "attach running" : "attach"}
        onClick={() => picker.current?.click()}
      />
      <input
        ref={picker}
        type="file"
        accept={IMAGE_TYPES.join(",")}
        multiple
        hidden
        onChange={(event) => {
          void onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <span className="spacer" />
      {running && (
        <>
          <button
            type="button"
            className="button quiet compact"
            disabled={!canSend}
            title="Send after this turn (Ctrl+Enter)"
            onClick={() => onSend("queue")}
          >
            Queue
          </button>
          <button
            type="button"
            className="button secondary compact"
            disabled={!canSend}
            title="Send at the next step of this turn (Enter)"
            onClick={() => onSend("steer")}
          >
            Steer
          </button>
          <button type="button" className="button stop" aria-label="Stop" title="Stop (Escape)" onClick={onStop}>
            <Icon name="debug-stop" />
          </button>
        </>
      )}
      {!running && (
        <button
          type="button"
          className="button send"
          aria-label="Send"
          title="Send (Enter)"
          disabled={!canSend}
          onClick={() => onSend("send")}
        >
          <Icon name="send" />
        </button>
      )}
    </div>
  );
}

function ModelButton() {
  const { post } = usePanel();
  const environment = usePanelState((state) => state.environment);
  const label = environment?.modelLabel ?? "Model";
  const problem = environment && !environment.modelReady ? (environment.modelProblem ?? "not ready") : null;
  return (
    <button
      type="button"
      className="model-button"
      aria-label={`Model: ${label}. Select another`}
      title={problem ?? environment?.model ?? "Select a model"}
      onClick={() => post({ type: "model.pick" })}
    >
      {problem !== null && <Icon name="warning" />}
      <span className="clip">{label}</span>
      <Icon name="chevron-down" />
    </button>
  );
}
