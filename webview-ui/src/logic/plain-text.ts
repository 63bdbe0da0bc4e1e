/** Anywhere in a text: emphasis, code, links, tables, HTML, escapes, addresses, breaks. Space at the end is cut. */
const MARKUP = /[*_`[\]<>|~\\&@\p{Cc}]|:\/\/|www\.|\s$/u;
/** At its beginning: headings, lists, rules, indented code. */
const LINE_START = /^(?:\s|#|[-+=]|\d{1,9}[.)])/;

/** Whether Markdown would make one paragraph of exactly these words. In doubt a text is not plain. */
export function isPlain(text: string): boolean {
  return text !== "" && !MARKUP.test(text) && !LINE_START.test(text);
}
