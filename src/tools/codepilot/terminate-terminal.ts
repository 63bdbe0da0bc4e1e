/** terminate_terminal: ends a terminal and everything that runs in it. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";
import { reopen, unknownTerminal } from "./terminal-text.ts";

const input = toolInput({ session_id: z.string().describe("Name of the terminal.") });

const report = reporter("terminate_terminal");

export function terminateTerminal({ terminals }: Pick<ToolDeps, "terminals">): Tool {
  return defineTool({
    name: "terminate_terminal",
    description: "Ends a terminal with everything that runs in it, e.g. a server that is not needed any more.",
    input,
    parallelSafe: false,
    summarize: ({ session_id }) => `Terminate terminal ${session_id}`,
    async plan({ session_id: name }) {
      const names = () => terminals.list().map((each) => each.name);
      const terminal = terminals.list().find((candidate) => candidate.name === name);
      if (!terminal) return report.refused(unknownTerminal(name, names()));
      const access = { kind: "terminate", terminal: name, createdBy: terminal.createdBy } as const;
      return planned(access, { kind: "unknown" }, async () => {
        if ((await terminals.terminate(name)) === "no-terminal") return report.failed(unknownTerminal(name, names()));
        const was = terminal.status === "running" && terminal.command ? ` It was running: ${terminal.command}.` : "";
        return { status: "done", output: report.text(`Terminal "${name}" was ended.${was} ${reopen(name)}`) };
      });
    },
  });
}
