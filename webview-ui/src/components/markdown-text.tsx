/**
 * Markdown as React elements only: no HTML of the model, no remote images, no live links. A chunk of its own: parsing
 * this and its libraries takes longer than drawing the rows of a session that is opened.
 */
import { Children, isValidElement, type MouseEvent, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { linkKind } from "../logic/links.ts";
import { usePanel } from "../store.ts";
import { CodeBlock } from "./code-block.tsx";
import { Icon } from "./icon.tsx";
import { Scrollable } from "./scrollable.tsx";

const plugins = [remarkGfm];

export function MarkdownText({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={plugins} components={components} urlTransform={keepHarmless}>
      {text}
    </ReactMarkdown>
  );
}

/** The model's links are judged where they are drawn; the default would already cut `src/a.ts:12`. */
function keepHarmless(url: string): string {
  return linkKind(url) === "open" ? url : "";
}

function Link({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  const { post } = usePanel();
  if (!href) return <span className="inert-link">{children}</span>;
  const open = (event: MouseEvent): void => {
    // VS Code opens every link itself that reaches the document.
    event.preventDefault();
    event.stopPropagation();
    post({ type: "link.open", href });
  };
  return (
    <a href={href} title={href} onClick={open} onAuxClick={open}>
      {children}
    </a>
  );
}

const components: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => (
    <Link href={typeof src === "string" ? src : undefined}>
      <Icon name="file-media" /> {alt || "image"}
    </Link>
  ),
  // The panel and its turns have the first levels. Below them all are alike, because the list is virtual: the heading
  // above one may not be in the document.
  h1: ({ children }) => <h3 className="h1">{children}</h3>,
  h2: ({ children }) => <h3 className="h2">{children}</h3>,
  h3: ({ children }) => <h3>{children}</h3>,
  h4: ({ children }) => <h3>{children}</h3>,
  h5: ({ children }) => <h3>{children}</h3>,
  h6: ({ children }) => <h3>{children}</h3>,
  pre: ({ children }) => {
    const code = Children.toArray(children).find((child) => isValidElement<CodeProps>(child));
    if (!isValidElement<CodeProps>(code)) return <pre>{children}</pre>;
    const language = /language-(\S+)/.exec(code.props.className ?? "")?.[1] ?? "";
    const text = String(code.props.children ?? "").replace(/\n$/, "");
    return <CodeBlock text={text} language={language} closed={true} />;
  },
  table: ({ children }) => (
    <Scrollable className="table" label="Table">
      <table>{children}</table>
    </Scrollable>
  ),
  input: ({ checked }) => (
    <span className="task-mark">
      <Icon name={checked ? "pass-filled" : "circle-large-outline"} />
      <span className="visually-hidden">{checked ? "done: " : "to do: "}</span>
    </span>
  ),
};

interface CodeProps {
  className?: string;
  children?: ReactNode;
}
