/** Reads a unified diff into lines with numbers. Unknown lines are shown as they are; nothing is ever refused. */

export interface DiffLine {
  readonly kind: "hunk" | "add" | "remove" | "context" | "meta";
  readonly text: string;
  readonly oldLine?: number;
  readonly newLine?: number;
}

export interface Diff {
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly removed: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

export function parseDiff(text: string): Diff {
  const lines: DiffLine[] = [];
  let oldLine = 0;
  let newLine = 0;
  let oldLeft = 0;
  let newLeft = 0;
  let added = 0;
  let removed = 0;
  const raw = text.split("\n");
  if (raw.at(-1) === "") raw.pop();
  for (const line of raw) {
    const hunk = HUNK.exec(line);
    if (hunk && oldLeft <= 0 && newLeft <= 0) {
      oldLine = Number(hunk[1]);
      newLine = Number(hunk[3]);
      oldLeft = Number(hunk[2] ?? 1);
      newLeft = Number(hunk[4] ?? 1);
      lines.push({ kind: "hunk", text: hunk[5] ?? "", oldLine, newLine });
    } else if (oldLeft <= 0 && newLeft <= 0) {
      // File headers: the card says the path already. Everything else between hunks is kept.
      if (line !== "" && !/^(---|\+\+\+|diff |index |={3,}|\\)/.test(line)) lines.push({ kind: "meta", text: line });
      else if (line.startsWith("\\")) lines.push({ kind: "meta", text: line.slice(2) });
    } else if (line.startsWith("+")) {
      lines.push({ kind: "add", text: line.slice(1), newLine: newLine++ });
      newLeft--;
      added++;
    } else if (line.startsWith("-")) {
      lines.push({ kind: "remove", text: line.slice(1), oldLine: oldLine++ });
      oldLeft--;
      removed++;
    } else if (line.startsWith("\\")) {
      lines.push({ kind: "meta", text: line.slice(2) });
    } else {
      lines.push({ kind: "context", text: line.slice(1), oldLine: oldLine++, newLine: newLine++ });
      oldLeft--;
      newLeft--;
    }
  }
  return { lines, added, removed };
}
