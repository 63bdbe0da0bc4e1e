/** Words that may be very long: the beginning, and more of them for who asks. */
import { usePanel, usePanelState } from "../store.ts";

/** More than this of one text is never put into the document. */
const MOST_CHARS = 64_000;

interface ClampedProps {
  text: string;
  chars: number;
  /** Under which it is kept whether the person wants to see all. */
  stateKey: string;
}

export function Clamped({ text, chars, stateKey }: ClampedProps) {
  const panel = usePanel();
  const whole = usePanelState((state) => state.expanded[stateKey] ?? false);
  // A little more than fits would only cost a click.
  if (text.length <= chars * 1.2) return text;
  const length = text.length.toLocaleString();
  const shown = text.slice(0, whole ? MOST_CHARS : chars);
  return (
    <>
      {shown}
      {shown.length < text.length && "…"}
      <button type="button" className="more block" aria-expanded={whole} onClick={() => panel.toggle(stateKey, !whole)}>
        {whole
          ? "Show less"
          : text.length > MOST_CHARS
            ? `Show more of ${length} characters`
            : `Show all ${length} characters`}
      </button>
    </>
  );
}
