/** read_output: what a terminal printed since the last look. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, integer, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";
import { describeNoRange, describeRange } from "./output-range.ts";
import {
  bodyOf,
  describeCommand,
  describeUnreadable,
  displayOf,
  footerOf,
  headerOf,
  MAX_OUTPUT_CHARS,
  nextMove,
  restOf,
  terminalFooter,
} from "./terminal-text.ts";

const input = toolInput({
  session_id: z.string().describe("Name of the terminal."),
  timeout: z.number().min(0).max(600).optional().describe("Seconds to wait for a running command to end. Default: 5."),
  command: integer(1)
    .optional()
    .describe(
      "Number of a command (cmdN): shows lines of its whole output instead of what is new. Default: the newest.",
    ),
  from_line: integer(1).optional().describe("First of these lines, from 1. Default: 1."),
  to_line: integer(1).optional().describe("Last of these lines, inclusive. Default: as many as fit."),
});

const report = reporter("read_output");

type Deps = Pick<ToolDeps, "terminals" | "maxOutputChars">;

export function readOutput({ terminals, maxOutputChars = MAX_OUTPUT_CHARS }: Deps): Tool {
  return defineTool({
    name: "read_output",
    description:
      "Shows what is new in a terminal: output of a running command and its end. With command, from_line or to_line: lines of one command's output, without waiting.",
    input,
    parallelSafe: true,
    summarize: ({ session_id, command, from_line, to_line }) => {
      if (command === undefined && from_line === undefined && to_line === undefined)
        return `Read terminal ${session_id}`;
      const of = command === undefined ? "" : `, command ${command}`;
      return `Read terminal ${session_id}${of}, lines ${from_line ?? 1}–${to_line ?? "…"}`;
    },
    async plan({ session_id: name, timeout = 5, command: ordinal, from_line, to_line: toLine }) {
      if (ordinal !== undefined || from_line !== undefined || toLine !== undefined) {
        const fromLine = from_line ?? 1;
        if (toLine !== undefined && toLine < fromLine) {
          return report.refused(`to_line ${toLine} is before from_line ${fromLine}.`);
        }
        return planned({ kind: "none" }, { kind: "repeat" }, async ({ signal }) => {
          const result = await terminals.readSpool({
            terminal: name,
            ...(ordinal === undefined ? {} : { ordinal }),
            fromLine,
            lineCount: toLine === undefined ? Number.MAX_SAFE_INTEGER : toLine - fromLine + 1,
            maxOutputChars,
            signal,
          });
          if (result.kind !== "lines") return report.failed(describeNoRange(name, ordinal, result));
          const text = result.pieces.map((piece) => piece.text).join("\n");
          const shown = { ...result.command, kind: "command", output: { text, droppedChars: 0 } } as const;
          const output = describeRange(name, result, { fromLine, toLine });
          return { status: "done", output, display: displayOf(name, shown) };
        });
      }
      return planned({ kind: "none" }, { kind: "repeat" }, async ({ signal }) => {
        const timeoutMs = timeout * 1_000;
        const result = await terminals.read({ terminal: name, timeoutMs, signal, maxOutputChars });
        if (result.kind !== "read") return report.failed(describeUnreadable(name, result, maxOutputChars));
        const { terminal, command, output } = result;
        if (!command) {
          const text = `${headerOf(name, null)}\n${bodyOf(output, maxOutputChars)}\n${terminalFooter(terminal)}`;
          return { status: signal.aborted ? "cancelled" : "done", output: text };
        }
        const nothingNew = output.text.trim() === "" && output.droppedChars === 0;
        const over = command.status === "completed" || command.status === "exited";
        const text =
          nothingNew && over
            ? describeCommand(name, command, maxOutputChars, "complete output")
            : [
                `${headerOf(name, command, "continued output")}\n${bodyOf(output, maxOutputChars)}\n`,
                `${footerOf(command)}${restOf(name, command, output, maxOutputChars)}${nextMove(name, command.status)}`,
              ].join("");
        return { status: signal.aborted ? "cancelled" : "done", output: text, display: displayOf(name, command) };
      });
    },
  });
}
