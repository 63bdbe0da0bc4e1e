/** Commands in terminals, as far as the person acts on them and as far as they go on after their calls. */
import { AppError } from "../base/app-error.ts";
import type { Log } from "../ports/log.ts";
import { type CommandResult, outputTailOf, type Terminals } from "../ports/terminals.ts";
import type { NewEvent } from "../protocol/events.ts";
import { type BackgroundCommand, openCallsOf } from "../protocol/state.ts";
import { isLiving } from "../protocol/terminals.ts";
import type { EventHub } from "./event-hub.ts";

const never = new AbortController().signal;

export interface RunningCommandsOptions {
  readonly hub: EventHub;
  readonly terminals: Terminals;
  readonly log: Log;
}

export class RunningCommands {
  readonly #options: RunningCommandsOptions;
  /** Ids of commands whose end is being told. */
  readonly #telling = new Set<string>();

  constructor(options: RunningCommandsOptions) {
    this.#options = options;
    const { hub } = options;
    // It may end before the call's own end is written.
    hub.on((event) => {
      if (event.type === "tool.finished") this.#lookAfter(event.callId);
    });
    // Some may have ended while nobody was there.
    for (const terminal of Object.keys(hub.state.background)) this.look(terminal);
  }

  /** Ends the command that a call has begun; false when it does not run. Resolves when it is over, within 2 s. */
  async stop(callId: string): Promise<boolean> {
    const command = this.#commandOf(callId);
    if (!command) return false;
    const { terminal, commandId } = command;
    return (await this.#options.terminals.interrupt({ terminal, commandId, by: "person" })) === "interrupted";
  }

  /** Something has changed in a terminal: if the command that goes on there is over, that is told. */
  look(terminal: string): void {
    const { hub, terminals, log } = this.#options;
    const command = hub.state.background[terminal];
    if (!command || this.#telling.has(command.commandId)) return;
    const info = terminals.list().find(({ name }) => name === terminal);
    if (info?.status === "running" && info.commandId === command.commandId) return;
    this.#telling.add(command.commandId);
    this.#tell(terminal, command)
      .catch((error: unknown) => {
        if (!AppError.is(error, "closed")) log.error("the end of a command could not be told", error);
      })
      .finally(() => this.#telling.delete(command.commandId));
  }

  #lookAfter(callId: string): void {
    const { background } = this.#options.hub.state;
    const found = Object.entries(background).find(([, command]) => command.callId === callId);
    if (found) this.look(found[0]);
  }

  async #tell(terminal: string, command: BackgroundCommand): Promise<void> {
    const { hub, terminals } = this.#options;
    const result = await terminals.follow({ commandId: command.commandId, timeoutMs: 0, signal: never });
    const event = result === null ? this.#forgotten(terminal, command) : endOf(terminal, command, result);
    if (event) await hub.emit([event]);
  }

  /** Nobody knows how it ended. Where its terminal is gone too, the end of the terminal tells that. */
  #forgotten(terminal: string, { callId, commandId }: BackgroundCommand): NewEvent | null {
    const info = this.#options.terminals.list().find(({ name }) => name === terminal);
    if (!info || !isLiving(info)) return null;
    const end = { status: "unknown", exitCode: null, durationMs: 0, outputTail: "" } as const;
    return { type: "command.finished", callId, terminal, commandId, ...end };
  }

  #commandOf(callId: string): { readonly terminal: string; readonly commandId: string } | null {
    const { turns, background } = this.#options.hub.state;
    const call = openCallsOf(turns.at(-1)).find((open) => open.callId === callId);
    if (call?.recovery?.kind === "command") return call.recovery;
    for (const [terminal, command] of Object.entries(background)) {
      if (command.callId === callId) return { terminal, commandId: command.commandId };
    }
    return null;
  }
}

/** Null while it runs. */
function endOf(terminal: string, { callId, commandId }: BackgroundCommand, result: CommandResult): NewEvent | null {
  const { status, exitCode, durationMs, endedBy } = result;
  if (status === "running") return null;
  const end = { status, exitCode, durationMs, outputTail: outputTailOf(result) };
  return { type: "command.finished", callId, terminal, commandId, ...end, ...(endedBy ? { endedBy } : {}) };
}
