/** A one-line field whose Enter belongs to the input method first. Every text input but the composer is this one. */
import { type KeyboardEvent, useState } from "react";
import { isComposing } from "../logic/composer-keys.ts";

interface TextFieldProps {
  label: string;
  placeholder?: string;
  autoFocus?: boolean;
  onSubmit: (text: string) => void;
  onCancel?: () => void;
  submitLabel: string;
  /** Whether an empty text may be submitted. */
  optional?: boolean;
}

export function TextField(props: TextFieldProps) {
  const { label, placeholder, autoFocus = false, onSubmit, onCancel, submitLabel, optional = false } = props;
  const [text, setText] = useState("");
  const ready = optional || text.trim() !== "";
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (ready) onSubmit(text.trim());
    } else if (event.key === "Escape" && onCancel) {
      event.stopPropagation();
      onCancel();
    }
  };
  return (
    <div className="text-field">
      <input
        type="text"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: only set where the person has just asked for this field.
        autoFocus={autoFocus}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button type="button" className="button secondary" disabled={!ready} onClick={() => onSubmit(text.trim())}>
        {submitLabel}
      </button>
    </div>
  );
}
