/** One block of an answer. Words that have no Markdown in them need none of its machinery, which is loaded when needed. */
import { type ComponentType, memo, useEffect, useState } from "react";
import { type Block, sameBlock } from "../logic/markdown-blocks.ts";
import { isPlain } from "../logic/plain-text.ts";
import { CodeBlock } from "./code-block.tsx";

/** A paragraph without end is data rather than prose, and parsing it anew with each word that comes holds the page up. */
const PARSED_CHARS = 16_000;

export const MarkdownBlock = memo(
  function MarkdownBlock({ block }: { block: Block }) {
    if (block.kind === "code") return <CodeBlock text={block.text} language={block.language} closed={block.closed} />;
    if (isPlain(block.text)) return <p>{block.text}</p>;
    if (block.text.length > PARSED_CHARS) return <p className="as-written">{block.text}</p>;
    return <Rendered text={block.text} />;
  },
  (before, after) => sameBlock(before.block, after.block),
);

type Renderer = ComponentType<{ text: string }>;

let renderer: Renderer | undefined;

async function loadRenderer(): Promise<Renderer> {
  renderer ??= (await import("./markdown-text.tsx")).MarkdownText;
  return renderer;
}

/** Until the renderer is there, once in the life of a page, the text stands as it was written. */
function Rendered({ text }: { text: string }) {
  const [, setReady] = useState(renderer !== undefined);
  useEffect(() => {
    if (!renderer) void loadRenderer().then(() => setReady(true));
  }, []);
  const Markdown = renderer;
  return Markdown ? <Markdown text={text} /> : <p className="as-written">{text}</p>;
}
