/** A program with line numbers; the line that runs, or that went wrong, is marked and kept in sight. */
import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useHighlight } from "../highlight/use-highlight.ts";
import { plural } from "../logic/format.ts";
import { linesOf, windowOf } from "../logic/program-text.ts";
import { Icon } from "./icon.tsx";
import { Scrollable } from "./scrollable.tsx";
import { Tokens } from "./tokens.tsx";

export type LineMark = "running" | "error" | "stopped";

const markIcons = { running: "debug-stackframe", error: "error", stopped: "debug-stop" };
const markWords = { running: "runs now", error: "ended here", stopped: "was stopped here" };

interface ProgramCodeProps {
  source: string;
  language: string;
  /** It still grows at its end. */
  writing: boolean;
  /** Line from 1. */
  mark: { readonly line: number; readonly kind: LineMark } | null;
}

export const ProgramCode = memo(function ProgramCode({ source, language, writing, mark }: ProgramCodeProps) {
  const box = useRef<HTMLDivElement>(null);
  const [whole, setWhole] = useState(false);
  const coloured = useHighlight(source, language, !writing);
  const lines = useMemo(() => linesOf(source), [source]);
  const focus = writing ? lines.length : (mark?.line ?? null);
  const { from, to } = whole ? { from: 0, to: lines.length } : windowOf(lines.length, focus);

  useLayoutEffect(() => {
    const element = box.current;
    if (element && focus !== null) keepInSight(element, focus - 1 - from);
  }, [focus, from]);

  return (
    <div className="program">
      <Scrollable ref={box} className="program-scroll" label="Program">
        <div className="program-lines">
          {lines.slice(from, to).map((text, index) => {
            const number = from + index + 1;
            const marked = mark?.line === number ? mark.kind : null;
            const tokens = coloured?.[from + index];
            return (
              <div key={number} className={`program-line${marked ? ` ${marked}` : ""}`}>
                <span className="program-mark">{marked && <Icon name={markIcons[marked]} />}</span>
                <span className="number">{number}</span>
                <code>{tokens ? <Tokens line={tokens} /> : text}</code>
                {marked && <span className="visually-hidden"> ({markWords[marked]})</span>}
              </div>
            );
          })}
        </div>
      </Scrollable>
      {to - from < lines.length && (
        <p className="program-more">
          <button type="button" className="more" onClick={() => setWhole(true)}>
            Show all {plural(lines.length, "line")}
          </button>
        </p>
      )}
    </div>
  );
});

/** Scrolls the box alone, never what is around it. */
function keepInSight(box: HTMLElement, index: number): void {
  const line = box.querySelector(".program-lines")?.children[index];
  if (!(line instanceof HTMLElement) || box.scrollHeight <= box.clientHeight) return;
  const top = line.offsetTop;
  const bottom = top + line.offsetHeight;
  if (top >= box.scrollTop && bottom <= box.scrollTop + box.clientHeight) return;
  box.scrollTop = Math.max(0, top - box.clientHeight / 2);
}
