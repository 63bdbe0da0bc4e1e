/** What a link in a model's text may do: nothing by itself, the host opens what is harmless. */

export type LinkKind = "open" | "inert";

/** Web, mail and file-like targets go to the host. `command:`, `vscode:`, `javascript:`, `data:` and the like do nothing. */
export function linkKind(href: string): LinkKind {
  // Browsers pass over control characters and blanks in front of and inside a scheme; so do we before judging.
  const plain = [...href].filter((char) => char > " " && char !== "\u007f").join("");
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(plain)?.[1]?.toLowerCase();
  if (plain === "" || plain.startsWith("#") || plain.startsWith("//")) return "inert";
  if (scheme === undefined) return "open";
  if (scheme.length === 1) return "open";
  return ["http", "https", "mailto", "file"].includes(scheme) || /^[\w.-]+\.\w+:\d+/.test(plain) ? "open" : "inert";
}
