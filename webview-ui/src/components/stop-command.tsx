/** Ends the command of a card. The turn goes on, and the model is told. */
import { useLayoutEffect, useRef } from "react";
import { usePanel } from "../store.ts";

interface StopCommandProps {
  callId: string;
  command: string;
  /** Of the card's title, which takes the focus when the button goes. */
  titleId: string;
}

const LABEL_CHARS = 60;

export function StopCommand({ callId, command, titleId }: StopCommandProps) {
  const panel = usePanel();
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const element = button.current;
    return () => {
      if (element && document.activeElement === element) document.getElementById(titleId)?.focus();
    };
  }, [titleId]);
  return (
    <span className="tool-actions">
      <button
        ref={button}
        type="button"
        className="button secondary small"
        aria-label={`Stop command ${command.split("\n", 1)[0]?.slice(0, LABEL_CHARS)}`}
        title="Stop this command. The turn goes on, and the model is told."
        onClick={() => panel.op({ type: "command.stop", callId })}
      >
        Stop
      </button>
    </span>
  );
}
