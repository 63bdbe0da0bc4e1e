/** Output of a terminal in its colours. */
import type { CSSProperties } from "react";
import type { TextRun } from "../logic/plain-output.ts";
import type { TextStyle } from "../logic/text-style.ts";

export function ColouredText({ runs }: { runs: readonly TextRun[] }) {
  // Runs have no identity: they are only ever replaced as a whole.
  let at = 0;
  return runs.map(({ text, style }) => {
    const key = at;
    at += text.length;
    if (style === null) return text;
    return (
      <span key={key} className={classesOf(style)} style={colorsOf(style)}>
        {text}
      </span>
    );
  });
}

function classesOf({ bold, italic, underline, struck }: TextStyle): string {
  return Object.entries({ bold, italic, underline, struck })
    .flatMap(([name, on]) => (on ? [`sgr-${name}`] : []))
    .join(" ");
}

/** Of black, white and what a program has mixed itself, there may be nothing to be seen on the background of a card. */
function shareOf(color: string): string {
  return /ansi(Bright)?(Black|White)|^rgb/.test(color) ? "32%" : "48%";
}

/**
 * A terminal's colours are made for its own background. Mixed with the colour of text they can be read on any, and a
 * background is no more than a tint of it.
 */
function colorsOf({ color, background, inverse }: TextStyle): CSSProperties {
  const front = inverse ? background : color;
  const back = inverse ? (color ?? "var(--text)") : background;
  return {
    ...(front === null ? {} : { color: `color-mix(in srgb, ${front} ${shareOf(front)}, var(--text))` }),
    ...(back === null ? {} : { background: `color-mix(in srgb, ${back} 22%, transparent)`, color: "var(--text)" }),
  };
}
