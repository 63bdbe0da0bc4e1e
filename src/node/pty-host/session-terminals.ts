/**
 * The terminals of a session where they live best: in the pty host, from the first need on; where that can not be
 * started (no permission to spawn, a folder that can not be written), in this process, and the person is told once.
 */
import { AppError, messageOf } from "../../base/app-error.ts";
import type { Disposable } from "../../base/disposable.ts";
import { toDisposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Log } from "../../ports/log.ts";
import type {
  CommandResult,
  FollowCommand,
  InterruptCommand,
  OpenTerminal,
  OpenTerminalResult,
  ReadResult,
  ReadSpool,
  ReadTerminal,
  RunCommand,
  RunResult,
  SpoolResult,
  TerminalAttachment,
  TerminalEvent,
  TerminalOutput,
  Terminals,
  WriteTerminal,
} from "../../ports/terminals.ts";
import type { TerminalInfo } from "../../protocol/terminals.ts";
import type { HostedTerminals } from "./hosted-terminals.ts";

export interface SessionTerminalsOptions {
  readonly hosted: HostedTerminals;
  /** Made when the pty host can not be used. */
  readonly inProcess: () => Terminals;
  readonly log: Log;
}

export class SessionTerminals implements Terminals {
  readonly #options: SessionTerminalsOptions;
  readonly #events: Emitter<TerminalEvent>;
  readonly #output: Emitter<TerminalOutput>;
  #current: Terminals;
  #choosing: Promise<Terminals> | null = null;
  #subscriptions: readonly Disposable[];
  #outputSubscription: Disposable | null = null;

  constructor(options: SessionTerminalsOptions) {
    this.#options = options;
    this.#current = options.hosted;
    this.#events = new Emitter((error) => options.log.error("a terminal listener failed", error));
    this.#output = new Emitter((error) => options.log.error("a listener of terminal output failed", error));
    this.#subscriptions = [this.#current.on((event) => this.#events.emit(event))];
  }

  list(): readonly TerminalInfo[] {
    return this.#current.list();
  }

  open(request: OpenTerminal): Promise<OpenTerminalResult> {
    return this.#where((terminals) => terminals.open(request));
  }

  run(request: RunCommand): Promise<RunResult> {
    return this.#where((terminals) => terminals.run(request));
  }

  read(request: ReadTerminal): Promise<ReadResult> {
    return this.#where((terminals) => terminals.read(request));
  }

  write(request: WriteTerminal): Promise<ReadResult> {
    return this.#where((terminals) => terminals.write(request));
  }

  readSpool(request: ReadSpool): Promise<SpoolResult> {
    return this.#where((terminals) => terminals.readSpool(request));
  }

  interrupt(request: InterruptCommand): Promise<"interrupted" | "idle" | "no-terminal"> {
    return this.#current.interrupt(request);
  }

  terminate(name: string): Promise<"terminated" | "no-terminal"> {
    return this.#current.terminate(name);
  }

  attach(
    name: string,
    onData: (data: string) => void | Promise<void>,
    size?: { readonly cols: number; readonly rows: number },
  ): Promise<TerminalAttachment | null> {
    return this.#where((terminals) => terminals.attach(name, onData, size));
  }

  follow(request: FollowCommand): Promise<CommandResult | null> {
    return this.#current.follow(request);
  }

  knows(commandId: string): boolean {
    return this.#current.knows(commandId);
  }

  reconnect(): Promise<void> {
    return this.#current.reconnect();
  }

  retell(): void {
    this.#current.retell();
  }

  acknowledge(commandId: string): void {
    this.#current.acknowledge(commandId);
  }

  on(listener: (event: TerminalEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  watchOutput(listener: (output: TerminalOutput) => void): Disposable {
    const subscription = this.#output.on(listener);
    this.#outputSubscription ??= this.#passOutput();
    return toDisposable(() => {
      subscription.dispose();
      if (this.#output.heard) return;
      this.#outputSubscription?.dispose();
      this.#outputSubscription = null;
    });
  }

  close(): Promise<void> {
    return this.#end((terminals) => terminals.close());
  }

  release(): Promise<void> {
    return this.#end((terminals) => terminals.release());
  }

  dispose(): void {
    this.#current.dispose();
    this.#silence();
  }

  async #end(end: (terminals: Terminals) => Promise<void>): Promise<void> {
    await this.#choosing?.catch(() => undefined);
    await end(this.#current);
    this.#silence();
  }

  #silence(): void {
    this.#options.hosted.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#outputSubscription?.dispose();
    this.#events.dispose();
    this.#output.dispose();
  }

  #passOutput(): Disposable {
    return this.#current.watchOutput((output) => this.#output.emit(output));
  }

  async #where<Result>(perform: (terminals: Terminals) => Promise<Result>): Promise<Result> {
    const terminals = await this.#chosen();
    try {
      return await perform(terminals);
    } catch (error) {
      if (!AppError.is(error, "unavailable")) throw error;
      // It was lost since and can not be started again; nothing of the request has reached it.
      this.#giveUpHost(error);
      return perform(this.#current);
    }
  }

  /** Decided anew while the host is not there: one that was lost can be followed by another, or by none. */
  #chosen(): Promise<Terminals> {
    const { hosted } = this.#options;
    if (this.#current !== hosted || hosted.connected) return Promise.resolve(this.#current);
    this.#choosing ??= this.#choose(hosted).finally(() => {
      this.#choosing = null;
    });
    return this.#choosing;
  }

  async #choose(hosted: HostedTerminals): Promise<Terminals> {
    try {
      await hosted.start();
    } catch (error) {
      this.#giveUpHost(error);
    }
    return this.#current;
  }

  #giveUpHost(error: unknown): void {
    if (this.#current !== this.#options.hosted) return;
    this.#options.log.error("the pty host can not be used", error);
    this.#replace(messageOf(error));
  }

  #replace(reason: string): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#current = this.#options.inProcess();
    const remark = `Terminals will end with CodePilot: ${reason.replace(/\.$/, "")}. The details are in the log.`;
    let told = false;
    this.#subscriptions = [
      this.#current.on((event) => {
        this.#events.emit(event);
        if (event.type !== "opened" || told) return;
        told = true;
        this.#events.emit({ type: "remarked", name: event.terminal.name, remark });
      }),
    ];
    if (this.#outputSubscription === null) return;
    this.#outputSubscription.dispose();
    this.#outputSubscription = this.#passOutput();
  }
}
