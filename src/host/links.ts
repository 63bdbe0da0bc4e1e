/** What a link in a model's answer leads to. It is text that nobody has checked: what is not plainly harmless is refused. */

export type LinkTarget =
  | { readonly kind: "web"; readonly url: string }
  /** `path` as it was written, absolute or relative; `line` counts from 1. */
  | { readonly kind: "file"; readonly path: string; readonly line?: number }
  | { readonly kind: "refused" };

const REFUSED: LinkTarget = { kind: "refused" };

/** Web and mail addresses, and files in the forms that models use: `src/a.ts:12`, `src/a.ts:12:5`, `src/a.ts#L12`, `file:///w/a.ts`. */
export function parseLink(href: string): LinkTarget {
  const text = href.trim();
  if (/^(https?|mailto):/i.test(text)) {
    return URL.canParse(text) ? { kind: "web", url: new URL(text).href } : REFUSED;
  }
  if (/^file:/i.test(text)) return parseFileUrl(text);
  // Another scheme. A letter before the colon is a drive, and digits after it are a line.
  if (/^[a-z][a-z0-9+.-]+:(?!\d+(?::\d+)?(?:-\d+)?$)/i.test(text)) return REFUSED;
  // A share on another machine: to look at it would already sign in there.
  if (/^[\\/]{2}/.test(text)) return REFUSED;
  return fileTarget(decoded(text));
}

function parseFileUrl(text: string): LinkTarget {
  if (!URL.canParse(text)) return REFUSED;
  const { host, pathname, hash } = new URL(text);
  if (host !== "" && host !== "localhost") return REFUSED;
  const path = decoded(pathname);
  return fileTarget((/^\/[a-z]:/i.test(path) ? path.slice(1) : path) + hash);
}

function fileTarget(text: string): LinkTarget {
  const match = /^(?<path>.+?)(?:#L?(?<anchor>\d+)(?:[-:].*)?|:(?<line>\d+)(?:[:-]\d+)*)?$/.exec(text);
  const { path, anchor, line } = match?.groups ?? {};
  if (!path || path.startsWith("#") || path.includes("\0")) return REFUSED;
  const number = Number(anchor ?? line ?? 0);
  return number > 0 ? { kind: "file", path, line: number } : { kind: "file", path };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
