/** execute: types a command into a persistent shell and waits for its end, for a bounded time. */
import * as z from "zod";
import type { RunResult } from "../../ports/terminals.ts";
import type { Tool, ToolResult } from "../../ports/tool.ts";
import type { Recovery } from "../../protocol/events.ts";
import { defineTool, following, integer, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";
import { describeCommand, displayOf, MAX_OUTPUT_CHARS, nameProblem, reopen, unknownTerminal } from "./terminal-text.ts";
import { readinessOf, type Waiting, waitingOf } from "./waiting.ts";

const input = toolInput({
  session_id: z.string().optional().describe("Name of the terminal. Default: main, which is always there."),
  command: z.string().describe("Shell command, as it would be typed."),
  timeout: z
    .number()
    .min(0)
    .max(600)
    .optional()
    .describe("Seconds to wait for its end; it goes on running after that. Default: 10."),
  new_terminal: z.boolean().optional().describe("Open a terminal of that name first, e.g. for a server."),
  shell: z.string().optional().describe("Shell of the new terminal, by name or path. Default: bash."),
  wait_for: z
    .string()
    .min(1)
    .optional()
    .describe('Return as soon as the output has this text, e.g. "Listening" of a server that goes on.'),
  wait_for_port: integer(1, 65_535)
    .optional()
    .describe("Return as soon as this port of the machine takes connections."),
  keep: z.boolean().optional().describe("The new terminal is not ended with the session. Default: false."),
});

const KEPT = "\nThe terminal is kept: it goes on when the session ends.";
const NOT_KEPT = "\nThe terminal can not be kept here: it ends with CodePilot.";

const report = reporter("execute");
type Deps = Pick<ToolDeps, "paths" | "terminals" | "ids" | "maxOutputChars">;

export function execute({ paths, terminals, ids, maxOutputChars = MAX_OUTPUT_CHARS }: Deps): Tool {
  /** The command runs or has ended in a terminal that outlived the process which began it. */
  const follow = (begun: Extract<Recovery, { kind: "command" }>, timeoutMs: number, waiting: Waiting | undefined) =>
    following(begun, async ({ signal, output }) => {
      const { commandId, terminal } = begun;
      const sofar = await terminals.follow({ commandId, timeoutMs: 0, signal: new AbortController().signal });
      const leftMs = Math.max(0, timeoutMs - (sofar?.durationMs ?? 0));
      const wait = waiting === undefined ? {} : { waitFor: waiting.waitFor };
      const result = await terminals.follow({ commandId, timeoutMs: leftMs, signal, onOutput: output, ...wait });
      if (result === null) return report.failed("The terminal it ran in is gone. Look at its effects first.");
      return toolResult(terminal, result, maxOutputChars, signal, waiting);
    });

  return defineTool({
    name: "execute",
    description:
      "Runs a command in a persistent terminal that is shared with the person. Working directory and environment last from command to command. What runs longer than timeout goes on; read_output, send_input and terminate_terminal follow it up.",
    input,
    parallelSafe: false,
    summarize: (call) => {
      const besides = [...(call.keep ? ["kept"] : []), ...waitingOf(call).map(({ words }) => `waits for ${words}`)];
      // As a comment, so that what is shown as the command still is one.
      return `$ ${call.command}${besides.length === 0 ? "" : `  # ${besides.join(", ")}`}`;
    },
    async plan(call, { begun }) {
      const { session_id: name = "main", command, timeout = 10, new_terminal = false, shell, keep = false } = call;
      const [waiting, second] = waitingOf(call);
      if (begun?.kind === "command") return follow(begun, timeout * 1_000, waiting);
      if (second) return report.refused("Wait for a text or for a port, not for both.");
      const wrongName = nameProblem(name);
      if (wrongName) return report.refused(wrongName);
      if (command.trim() === "") return report.refused("command is empty. read_output shows what a terminal printed.");
      if (command.includes("\0")) return report.refused("command contains a NUL character. Leave it out.");
      const terminal = terminals.list().find((candidate) => candidate.name === name);
      const alive = terminal !== undefined && terminal.status !== "exited";
      const problem = new_terminal
        ? openProblem(name, alive && terminal.status !== "not-started")
        : runProblem(terminals, name, alive);
      if (problem) return report.refused(problem);
      if (shell !== undefined && !new_terminal) {
        return report.refused(
          "shell can only be chosen for a new terminal. Leave it out or set new_terminal=true with a new session_id.",
        );
      }
      if (keep && !new_terminal) {
        return report.refused(
          "Only a new terminal can be kept. Set new_terminal=true with a new session_id, or leave keep out.",
        );
      }
      if (!new_terminal && terminal?.status === "running") return report.refused(busyText(name, terminal.command));

      const cwd = new_terminal ? paths.cwd : folderOf(terminals, name, paths.cwd);
      const commandId = ids.next("command");
      const recovery = { kind: "command", terminal: name, commandId } as const;
      const access = {
        kind: "execute" as const,
        command,
        cwd,
        terminal: name,
        ...(keep ? { keep } : {}),
        ...(waiting ? { waitsFor: waiting.words } : {}),
      };
      return planned(access, recovery, async ({ signal, output }) => {
        let kept = "";
        if (new_terminal) {
          const how = { ...(shell ? { shell } : {}), ...(keep ? { keep } : {}) };
          const opened = await terminals.open({ name, createdBy: "agent", cwd, ...how });
          if (opened.kind === "exists") return report.failed(openProblem(name, true) ?? "");
          if (opened.kind === "failed") return report.failed(opened.message);
          if (keep) kept = opened.terminal.kept ? KEPT : NOT_KEPT;
        } else {
          // While permission was asked for the shell may have ended, or the person may have gone elsewhere.
          const now = folderOf(terminals, name, paths.cwd);
          if (now !== cwd) return report.failed(movedText(name, cwd, now));
        }
        const result = await terminals.run({
          terminal: name,
          command,
          commandId,
          timeoutMs: timeout * 1_000,
          signal,
          maxOutputChars,
          onOutput: output,
          ...(waiting ? { waitFor: waiting.waitFor } : {}),
        });
        // Opened for nothing: the next try would find the name taken.
        if (new_terminal && result.kind === "port-taken") await terminals.terminate(name);
        const told = toolResult(name, result, maxOutputChars, signal, waiting);
        return result.kind === "command" ? { ...told, output: `${told.output}${kept}` } : told;
      });
    },
  });
}

function toolResult(
  name: string,
  result: RunResult,
  maxOutputChars: number,
  signal: AbortSignal,
  waiting?: Waiting,
): ToolResult {
  switch (result.kind) {
    case "command": {
      const display = displayOf(name, result);
      if (signal.aborted) {
        return {
          status: "cancelled",
          output: `Stopped by the person.\n${describeCommand(name, result, maxOutputChars)}`,
          display,
        };
      }
      // A non-zero exit code is a result like any other: the tool itself has worked.
      const output = `${describeCommand(name, result, maxOutputChars)}${readinessOf(result, waiting)}`;
      return { status: "done", output, display };
    }
    case "no-terminal":
      return report.failed(unknownTerminal(name, result.names));
    case "busy":
      return report.failed(busyText(name, result.command));
    case "port-taken":
      return report.failed(
        `Something takes connections at port ${result.port} already, so nothing was run. End it first, choose another port, or leave out wait_for_port.`,
      );
    case "failed":
      return signal.aborted
        ? { status: "cancelled", output: report.text(result.message) }
        : report.failed(result.message);
  }
}

/** Where a command would run: a shell that has ended leaves its folder, and the next one starts in the session's. */
function folderOf(terminals: Deps["terminals"], name: string, sessionFolder: string): string {
  const terminal = terminals.list().find((candidate) => candidate.name === name);
  return terminal === undefined || terminal.status === "exited" ? sessionFolder : terminal.cwd;
}

function movedText(name: string, asked: string, now: string): string {
  return `The command was meant for ${asked}, but the terminal "${name}" is in ${now} by now, because its shell ended or the person went there. Nothing was run. Run it again if it is right for that folder, or go back with cd first.`;
}

function openProblem(name: string, alive: boolean): string | null {
  if (!alive) return null;
  return `A terminal "${name}" is already open. Leave out new_terminal to use it, or choose another session_id.`;
}

function runProblem(terminals: Deps["terminals"], name: string, alive: boolean): string | null {
  if (alive || name === "main") return null;
  const names = terminals.list().map((terminal) => terminal.name);
  return names.includes(name) ? `The shell of "${name}" has ended. ${reopen(name)}` : unknownTerminal(name, names);
}

function busyText(name: string, command: string | null): string {
  return `A command is running in "${name}": ${command ?? "(unknown)"}. Nothing was typed. Wait with read_output(session_id="${name}"), answer it with send_input, or use another terminal (new_terminal=true with a new session_id).`;
}
