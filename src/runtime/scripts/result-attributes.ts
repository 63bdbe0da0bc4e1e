/** The structured side of a tool's result: attributes of the string that a script gets. */
import type { Json } from "../../base/json.ts";
import type { ToolOutcome } from "../../protocol/items.ts";

type Attributes = Readonly<Record<string, Json>>;

/**
 * Read: path, start_line, end_line, total_lines, content (the lines shown, without their numbers). Command: terminal,
 * status, return_code, exit_code, cwd, output, ready (where something was waited for). Search: matches, truncated. Edit: path, added_lines, removed_lines.
 */
export function resultAttributes({ status, output, display }: ToolOutcome): Attributes {
  switch (display?.kind) {
    case "read": {
      const { path, startLine, endLine, totalLines } = display;
      const content = unnumbered(output);
      return { path, start_line: startLine, end_line: endLine, total_lines: totalLines, content };
    }
    case "command": {
      const { terminal, exitCode, cwd, ready } = display;
      const text = commandOutput(output);
      return {
        terminal,
        status: display.status,
        return_code: exitCode,
        exit_code: exitCode,
        cwd,
        output: text,
        ...(ready === undefined ? {} : { ready }),
      };
    }
    case "search":
      return { matches: display.matches, truncated: display.truncated };
    case "edit": {
      const { path, addedLines, removedLines } = display.change;
      return { path, added_lines: addedLines, removed_lines: removedLines };
    }
    default:
      return { status };
  }
}

/** read_file shows each line as `   12 | text`. */
function unnumbered(output: string): string {
  const lines = output.split("\n").flatMap((line) => {
    const match = /^ *\d+ \| (.*)$/s.exec(line);
    return match ? [match[1] ?? ""] : [];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** What is between the header line and the status line. */
function commandOutput(output: string): string {
  const lines = output.split("\n");
  const footer = lines.findLastIndex((line) => line.startsWith("[status: "));
  return lines.slice(1, footer < 0 ? undefined : footer).join("\n");
}
