/** send_input: keystrokes into a terminal, exactly as given. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";
import {
  bodyOf,
  describeUnreadable,
  displayOf,
  footerOf,
  headerOf,
  MAX_OUTPUT_CHARS,
  nextMove,
  reopen,
  terminalFooter,
  unknownTerminal,
} from "./terminal-text.ts";

const input = toolInput({
  session_id: z.string().describe("Name of the terminal."),
  text: z.string().min(1).describe('What to type, as it is: end with "\\n" to press Enter; "\\u0003" is Ctrl-C.'),
  timeout: z
    .number()
    .min(0)
    .max(600)
    .optional()
    .describe("Seconds to wait for the running command to end. Default: 5."),
});

const report = reporter("send_input");

type Deps = Pick<ToolDeps, "terminals" | "maxOutputChars">;

export function sendInput({ terminals, maxOutputChars = MAX_OUTPUT_CHARS }: Deps): Tool {
  return defineTool({
    name: "send_input",
    description: "Types into the program that runs in a terminal and shows the screen. For commands use execute.",
    input,
    parallelSafe: false,
    summarize: ({ session_id, text }) => `Type ${JSON.stringify(text)} into ${session_id}`,
    async plan({ session_id: name, text, timeout = 5 }) {
      const terminal = terminals.list().find((candidate) => candidate.name === name);
      if (!terminal)
        return report.refused(
          unknownTerminal(
            name,
            terminals.list().map((each) => each.name),
          ),
        );
      if (terminal.status === "exited") {
        return report.refused(`The shell of "${name}" has ended, so nothing was typed. ${reopen(name)}`);
      }
      const running = terminal.status === "running" ? terminal.command : null;
      const access = { kind: "input", terminal: name, text, running } as const;
      return planned(access, { kind: "unknown" }, async ({ signal }) => {
        const timeoutMs = timeout * 1_000;
        const request = { terminal: name, timeoutMs, signal, maxOutputChars, text };
        const result = await terminals.write(request);
        if (result.kind !== "read") return report.failed(describeUnreadable(name, result, maxOutputChars));
        const { command, output } = result;
        const lines = [headerOf(name, command, `after input: ${JSON.stringify(text)}`), bodyOf(output, maxOutputChars)];
        lines.push(command ? `${footerOf(command)}${nextMove(name, command.status)}` : terminalFooter(result.terminal));
        const warning = newlineWarning(text);
        if (warning) lines.push(warning);
        return {
          status: signal.aborted ? "cancelled" : "done",
          output: lines.join("\n"),
          ...(command ? { display: displayOf(name, command) } : {}),
        };
      });
    },
  });
}

/** Printable text that was not submitted is nearly always a slip; a control key alone is not. */
function newlineWarning(text: string): string | null {
  const last = text.at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  if (/[\u0000-\u001f\u007f]/.test(last) || text.startsWith("\u001b")) return null;
  if (/\\[nr]$/.test(text)) {
    return 'Warning: a backslash and a letter were typed, not Enter. Send a real newline character ("\\n" in JSON, not "\\\\n").';
  }
  return 'Warning: the text did not end with a newline, so Enter was not pressed. Send "\\n" if it was meant to be submitted.';
}
