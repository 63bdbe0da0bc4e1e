import { memo, useState } from "react";
import { useHighlight } from "../highlight/use-highlight.ts";
import { CopyButton } from "./copy-button.tsx";
import { Scrollable } from "./scrollable.tsx";
import { Tokens } from "./tokens.tsx";

interface CodeBlockProps {
  text: string;
  language: string;
  closed: boolean;
}

/** Characters of one block in the DOM; the rest comes on demand. */
const SHOWN_CHARS = 20_000;

export const CodeBlock = memo(function CodeBlock({ text, language, closed }: CodeBlockProps) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > SHOWN_CHARS;
  const shown = cut ? text.slice(0, SHOWN_CHARS) : text;
  const lines = useHighlight(shown, language, closed);
  return (
    <div className="code-block">
      <div className="code-head">
        <span className="code-language">{language || "text"}</span>
        <CopyButton text={text} label="Copy code" />
      </div>
      <Scrollable className="code-scroll" label={`Code${language ? `, ${language}` : ""}`}>
        <pre>
          <code>
            {lines
              ? lines.map((line, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: lines of a closed block do not move.
                  <span key={index}>
                    <Tokens line={line} />
                    {index < lines.length - 1 ? "\n" : ""}
                  </span>
                ))
              : shown}
          </code>
        </pre>
      </Scrollable>
      {cut && (
        <button type="button" className="more" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString()} characters
        </button>
      )}
    </div>
  );
});
