/** Which commands one shell runs and has run, whose they are, and what of them may be told to the agent. */
import { type CommandEnd, CommandRecord, type CommandStart } from "./command-record.ts";
import { type TypedCommand, TypedLines } from "./typed-lines.ts";

/** Rendered output kept for a command that the person typed. */
const typedCommandChars = 8_000;
/** Numbers of the agent's commands lie above all that a shell counts up to for typed lines. */
const firstAgentNumber = 2 ** 40;

/** Stands for the words of a command that was given up too long ago. */
const givenUpCommand = "(a command that was given up)";

const endUnknown: CommandEnd = { status: "unknown", exitCode: null, cwd: null };

/** A command of the agent's that is going to be typed. */
export type AgentCommand = Omit<CommandStart, "ordinal" | "number" | "pid" | "typedBy">;

export interface ShellCommandsOptions {
  /** Of the shell. */
  readonly pid: number;
  /** The number of commands that came before in this terminal. */
  readonly ordinal: number;
  readonly newCommandId: () => string;
  /** A command began that is worth remembering by its id. */
  readonly onCommand: (record: CommandRecord) => void;
  /** The person's command begins, or has ended and is told as a whole. */
  readonly onPersonTurn: () => void;
  /** A command that the person typed has ended, or the shell has with it. */
  readonly onPersonCommand: (record: CommandRecord) => void;
}

export class ShellCommands {
  readonly #options: ShellCommandsOptions;
  readonly #typedLines = new TypedLines();
  #ordinal: number;
  /** Typed for the agent, not begun. */
  #pending: CommandRecord | null = null;
  /** Given up last. The shell may have read it all the same, and begin it yet. */
  #givenUp: CommandRecord | null = null;
  #running: CommandRecord | null = null;
  #newest: CommandRecord | null = null;
  #newestOfAgent: CommandRecord | null = null;
  /** What may be told of the command that runs. */
  #tell: TypedCommand["tell"] = "all";

  constructor(options: ShellCommandsOptions) {
    this.#options = options;
    this.#ordinal = options.ordinal;
  }

  get ordinal(): number {
    return this.#ordinal;
  }
  get pending(): CommandRecord | null {
    return this.#pending;
  }
  get running(): CommandRecord | null {
    return this.#running;
  }
  /** The command that runs or is about to. */
  get current(): CommandRecord | null {
    return this.#running ?? this.#pending;
  }
  /** The command that runs or ran last, of those that may be told. */
  get newest(): CommandRecord | null {
    return this.#newest;
  }
  /** The command to show the agent: of the person's only what runs now, the others are told at their end. */
  get shown(): CommandRecord | null {
    if (this.current !== null) return this.#mayTell ? this.current : null;
    return this.#newestOfAgent;
  }

  /** The agent's next command, under a number that the shell will say when it begins. */
  expect(start: AgentCommand): CommandRecord {
    const number = firstAgentNumber + Math.floor(Math.random() * 2 ** 40);
    this.#pending = this.#ofAgent(start, number);
    return this.#pending;
  }

  /** The same where the shell says nothing: it counts as begun. */
  beginUnmarked(start: AgentCommand): CommandRecord {
    this.#running = this.#ofAgent(start, Number.NaN);
    return this.#running;
  }

  /** What was expected does not come, or is not waited for. */
  giveUp(record: CommandRecord): void {
    if (this.#pending !== record) return;
    this.#pending = null;
    this.#givenUp = record;
    record.finish(endUnknown);
  }

  /** What was expected while the line of that number begins instead; null when that is no line of the person's. */
  displacedBy(number: number): CommandRecord | null {
    return number < firstAgentNumber ? this.#pending : null;
  }

  /** What was expected begins; false when it is another one. */
  began(number: number): boolean {
    if (this.#pending?.start.number !== number) return false;
    this.#running = this.#pending;
    this.#pending = null;
    this.#running.begin();
    return true;
  }

  /** A line begins that was typed into the shell. */
  typedBegan(number: number, command: string): void {
    // The end of the one before was missed, but it is over.
    this.#running?.finish(endUnknown);
    const typed = number >= firstAgentNumber ? this.#late(number) : this.#typedLines.began(command);
    this.#tell = typed.by === "person" ? typed.tell : "all";
    if (typed.by === "person") this.#options.onPersonTurn();
    this.#running = this.#record({
      commandId: this.#options.newCommandId(),
      command: typed.command,
      typedBy: typed.by,
      number,
      maxOutputChars: typedCommandChars,
    });
  }

  /** The command of that number has ended; false when it is not the one that runs. */
  ended(number: number, end: CommandEnd): boolean {
    const running = this.#running;
    if (running?.start.number !== number) return false;
    this.#running = null;
    running.finish(end);
    this.#tellOfPerson(running);
    return true;
  }

  /** The shell has ended. What ends because its terminal is ended was not run to its end, and is not `told`. */
  shellEnded(end: CommandEnd, { told }: { readonly told: boolean }): void {
    const running = this.#running;
    for (const record of [running, this.#pending]) record?.finish(end);
    this.#running = null;
    this.#pending = null;
    if (running !== null && told) this.#tellOfPerson(running);
  }

  /** Whether they have ended can not be known. */
  letGo(): void {
    for (const record of [this.#running, this.#pending]) record?.finish(endUnknown);
    this.#running = null;
    this.#pending = null;
  }

  /** The same of one of them. */
  release(record: CommandRecord): void {
    if (this.#running === record) this.#running = null;
    record.finish(endUnknown);
  }

  /** Something is typed; `atPrompt`: while the shell waits for a command. */
  wrote(by: "agent" | "person", text: string, atPrompt: boolean): void {
    this.#typedLines.wrote(by, text, atPrompt);
  }

  /** The shell waits for a command. */
  prompted(): void {
    this.#typedLines.prompted();
  }

  /** Takes output where it belongs. Returns whether it is to be read as new: neither the person's typing nor theirs to keep. */
  printed(text: string, atPrompt: boolean): boolean {
    const echo = this.#typedLines.shown(text, atPrompt);
    const byPerson = this.#running?.start.typedBy === "person";
    return !echo && (!byPerson || this.#mayTell);
  }

  /** Adds output to the command that runs. */
  push(text: string): void {
    if (this.#mayTell) this.#running?.push(text);
  }

  /** A command of ours that nobody waits for any more begins after all. */
  #late(number: number): TypedCommand {
    const { start } = this.#givenUp ?? {};
    return { by: "agent", command: start?.number === number ? start.command : givenUpCommand, tell: "all" };
  }

  get #mayTell(): boolean {
    return this.#tell === "all";
  }

  #ofAgent(start: AgentCommand, number: number): CommandRecord {
    this.#tell = "all";
    return this.#record({ ...start, number, typedBy: "agent" });
  }

  #record(start: Omit<CommandStart, "ordinal" | "pid">): CommandRecord {
    this.#ordinal += 1;
    const record = new CommandRecord({ ...start, ordinal: this.#ordinal, pid: this.#options.pid });
    if (this.#tell === "nothing") return record;
    this.#newest = record;
    if (start.typedBy === "agent") this.#newestOfAgent = record;
    this.#options.onCommand(record);
    return record;
  }

  #tellOfPerson(ended: CommandRecord): void {
    if (ended.start.typedBy !== "person") return;
    this.#options.onPersonTurn();
    if (this.#tell !== "nothing") this.#options.onPersonCommand(ended);
    this.#tell = "all";
  }
}
