/**
 * The terminal of a task of type `codepilot`: runs the agent in a session of its own and ends with a true exit
 * status. Permission requests come through the window's one prompter. Ctrl-C stops.
 */
import { resolve } from "node:path";
import * as vscode from "vscode";
import { AppError, messageOf } from "../../base/app-error.ts";
import type { TurnResult } from "../../embed/runtime.ts";
import type { RuntimeOptions } from "../../embed/runtime-options.ts";
import type { Log } from "../../ports/log.ts";
import type { WindowAgents } from "../agents/window-agents.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import { type AgentTask, parseTask } from "./task-definition.ts";
import { TaskOutput } from "./task-output.ts";

/** The same as those of `codepilot exec`. */
const EXIT = { completed: 0, failed: 1, usage: 2, unanswered: 3, interrupted: 130 } as const;

/** VS Code calls an end before this a failed launch, which it was not. */
const LAUNCH_MS = 700;

const CTRL_C = "\x03";

export interface TaskTerminalOptions {
  readonly hub: SessionHub;
  readonly agents: WindowAgents;
  readonly definition: unknown;
  /** Path of the folder to work in; null: the person was asked and dismissed. Rejects with AppError `usage` without one. */
  readonly folder: () => Promise<string | null>;
  readonly log: Log;
}

export class TaskTerminal implements vscode.Pseudoterminal {
  readonly #options: TaskTerminalOptions;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#closed.event;
  readonly #output = new TaskOutput((text) => this.#write.fire(text));
  readonly #stop = new AbortController();

  constructor(options: TaskTerminalOptions) {
    this.#options = options;
  }

  open(dimensions?: vscode.TerminalDimensions): void {
    if (dimensions) this.setDimensions(dimensions);
    const startedAt = performance.now();
    void this.#run().then((code) => {
      const tooSoonByMs = LAUNCH_MS - (performance.now() - startedAt);
      setTimeout(() => this.#closed.fire(code), Math.max(0, tooSoonByMs));
    });
  }

  setDimensions({ columns }: vscode.TerminalDimensions): void {
    this.#output.columns = columns;
  }

  close(): void {
    this.#stop.abort();
  }

  handleInput(data: string): void {
    if (!data.includes(CTRL_C) || this.#stop.signal.aborted) return;
    this.#output.line("^C");
    this.#stop.abort();
  }

  async #run(): Promise<number> {
    const parsed = parseTask(this.#options.definition);
    if (parsed.kind === "invalid") {
      this.#output.problem(parsed.message);
      return EXIT.usage;
    }
    let session: LiveSession | undefined;
    try {
      const folder = await this.#options.folder();
      if (folder === null) {
        this.#output.line("No folder was chosen, so nothing was done.");
        return EXIT.interrupted;
      }
      session = await this.#options.hub.startForTask(folder, await this.#overrides(parsed.task, folder));
      const subscription = session.runtime.on((event) => this.#output.show(event));
      try {
        return this.#report(await session.runtime.run(parsed.task.prompt, { signal: this.#stop.signal }));
      } finally {
        subscription.dispose();
      }
    } catch (error) {
      this.#output.problem(messageOf(error));
      if (AppError.is(error)) {
        if (error.next) this.#output.line(error.next);
        return error.code === "storage" ? EXIT.failed : EXIT.usage;
      }
      this.#options.log.error("a task failed", error);
      return EXIT.failed;
    } finally {
      if (session) await this.#end(session);
    }
  }

  #report({ reason, text, error }: TurnResult): number {
    this.#output.result(text);
    if (error) {
      this.#output.problem(error.message);
      if (error.next) this.#output.line(error.next);
    }
    if (error?.class === "unanswered") return EXIT.unanswered;
    if (reason === "completed") return EXIT.completed;
    if (reason !== "interrupted") return EXIT.failed;
    this.#output.line("Stopped.");
    return EXIT.interrupted;
  }

  async #end(session: LiveSession): Promise<void> {
    await this.#options.hub.close(session).catch((error: unknown) => {
      this.#options.log.error("the session of a task was not closed", error);
    });
  }

  async #overrides({ agent, model }: AgentTask, folder: string): Promise<Partial<RuntimeOptions>> {
    const named = model === undefined ? {} : { model };
    if (agent === undefined) return named;
    const { overrides, warnings } = await this.#options.agents.forTask(resolve(folder, agent), folder);
    for (const warning of warnings) this.#output.line(warning);
    return { ...overrides, ...named };
  }
}
