/** read_output: what a terminal printed since the last look. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";
import {
  bodyOf,
  describeCommand,
  describePerson,
  describeUnreadable,
  displayOf,
  footerOf,
  headerOf,
  MAX_OUTPUT_CHARS,
  nextMove,
  terminalFooter,
} from "./terminal-text.ts";

const input = toolInput({
  session_id: z.string().describe("Name of the terminal."),
  timeout: z.number().min(0).max(600).optional().describe("Seconds to wait for a running command to end. Default: 5."),
});

const report = reporter("read_output");

type Deps = Pick<ToolDeps, "terminals" | "maxOutputChars">;

export function readOutput({ terminals, maxOutputChars = MAX_OUTPUT_CHARS }: Deps): Tool {
  return defineTool({
    name: "read_output",
    description:
      "Shows what is new in a terminal: output of a running command, its end, and what the person did there.",
    input,
    parallelSafe: true,
    summarize: ({ session_id }) => `Read terminal ${session_id}`,
    async plan({ session_id: name, timeout = 5 }) {
      return planned({ kind: "none" }, { kind: "repeat" }, async ({ signal }) => {
        const timeoutMs = timeout * 1_000;
        const result = await terminals.read({ terminal: name, timeoutMs, signal, maxOutputChars });
        if (result.kind !== "read") return report.failed(describeUnreadable(name, result, maxOutputChars));
        const { terminal, command, output } = result;
        const person = describePerson(name, result.byPerson, maxOutputChars);
        if (!command) {
          const text = `${person}${headerOf(name, null)}\n${bodyOf(output, maxOutputChars)}\n${terminalFooter(terminal)}`;
          return { status: signal.aborted ? "cancelled" : "done", output: text };
        }
        const nothingNew = output.text.trim() === "" && output.droppedChars === 0;
        const over = command.status === "completed" || command.status === "exited";
        const listed = result.byPerson.some(({ commandId }) => commandId === command.commandId);
        const own = listed
          ? ""
          : nothingNew && over
            ? describeCommand(name, command, maxOutputChars, "complete output")
            : `${headerOf(name, command, "continued output")}\n${bodyOf(output, maxOutputChars)}\n${footerOf(command)}${nextMove(name, command.status)}`;
        const text = `${person}${own}`.trimEnd();
        return { status: signal.aborted ? "cancelled" : "done", output: text, display: displayOf(name, command) };
      });
    },
  });
}
