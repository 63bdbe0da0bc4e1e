/**
 * The runtime for Node programs: `Runtime.open(…)` puts a session together from its parts. The editor, the command
 * line and other products use this same door.
 */
import { resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import { type IdSource, randomIds } from "../base/ids.ts";
import type { FileSystem } from "../ports/file-system.ts";
import { type Log, silentLog } from "../ports/log.ts";
import type { ModelClient } from "../ports/model-client.ts";
import type { Search } from "../ports/search.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { OpenedJournal, SessionStore } from "../ports/session-store.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { Tool } from "../ports/tool.ts";
import type { AgentEvent, EventOf, EventType, NewEvent } from "../protocol/events.ts";
import type { TurnError, UserInput } from "../protocol/items.ts";
import type { Op } from "../protocol/ops.ts";
import type { ApprovalPolicy } from "../protocol/permissions.ts";
import { reduceAll } from "../protocol/reduce.ts";
import { emptyState, type SessionState } from "../protocol/state.ts";
import type { ModelSettings } from "../runtime/context-builder.ts";
import { readProjectRules, staticInstructions } from "../runtime/instructions.ts";
import type { Approver, PermissionHandler } from "../runtime/permission-gate.ts";
import type { Answerer, QuestionHandler } from "../runtime/question-desk.ts";
import type { InterruptedTurn } from "../runtime/recovery.ts";
import { type OpOutcome, Session } from "../runtime/session.ts";
import { ToolRegistry } from "../runtime/tool-registry.ts";
import { assembleWorkspace, type ToolSelection, type WorkspaceParts } from "./assemble-workspace.ts";
import { type Connection, ModelSelector } from "./model-selector.ts";
import { openStore } from "./open-store.ts";
import { PRODUCT_VERSION } from "./product-version.ts";
import { TurnWatch } from "./turn-watch.ts";

/** Parts an embedder may replace; what is left out is made for Node. */
export interface RuntimeAdapters {
  readonly fileSystem?: FileSystem;
  readonly search?: Search;
  readonly terminals?: Terminals;
  readonly secrets?: Secrets;
  /** Endpoint and key of a provider, as the embedder's settings have them. */
  readonly connection?: (provider: string) => Connection;
  /** A client for a provider of the embedder's own; undefined: the built-in ones. */
  readonly modelClient?: (provider: string, name: string) => ModelClient | undefined;
  readonly log?: Log;
  readonly clock?: Clock;
  readonly ids?: IdSource;
}

export interface RuntimeOptions {
  /** The working directory; tools are at home in it and in `folders`. */
  readonly cwd: string;
  /** Further workspace folders. */
  readonly folders?: readonly string[];
  /** `provider/name`. For a resumed session: the model to go on with; unset: the one it had. */
  readonly model?: string;
  /** Overrides the provider's endpoint. */
  readonly baseUrl?: string;
  /** Overrides what the environment or `adapters.secrets` have. */
  readonly apiKey?: string;
  /** Name of the environment variable with the key, where it is not the provider's usual one. */
  readonly apiKeyEnv?: string;
  readonly approval?: ApprovalPolicy;
  /** Answers every permission request with "allowed". */
  readonly allowAll?: boolean;
  /** A person answers permissions and questions through `submit`. Without it and without handlers they are refused. */
  readonly attended?: boolean;
  readonly onPermission?: PermissionHandler;
  readonly onQuestion?: QuestionHandler;
  /** Hears everything from the very first event on; `on` hears what comes after `open`. */
  readonly onEvent?: (event: AgentEvent) => void;
  readonly maxSteps?: number;
  readonly store?: SessionStore | "memory" | "file";
  /** Where the file store lives; default `$CODEPILOT_HOME`, else `~/.codepilot`. */
  readonly home?: string;
  /** Name for a new session. */
  readonly sessionId?: string;
  /** Opens this session instead of making one. */
  readonly resume?: string;
  readonly modelSettings?: ModelSettings;
  readonly tools?: ToolSelection;
  readonly shell?: string;
  /** Asked before every decision; false: only reading is possible. Default: trusted. */
  readonly trusted?: () => boolean;
  readonly adapters?: RuntimeAdapters;
}

export interface TurnResult {
  readonly turnId: string;
  readonly reason: "completed" | "failed" | "interrupted" | "limit";
  /** The model's last words. */
  readonly text: string;
  readonly error?: TurnError;
  /** Model responses taken. */
  readonly steps: number;
}

export class Runtime {
  readonly sessionId: string;
  readonly terminals: Terminals;
  /** What was passed over when the journal was read. */
  readonly warnings: readonly string[];
  readonly #session: Session;
  readonly #registry: ToolRegistry;
  readonly #readBlob: (hash: string) => Promise<Uint8Array | null>;
  readonly #handlers: Handlers;
  readonly #ownsTerminals: boolean;

  private constructor(parts: RuntimeParts) {
    this.sessionId = parts.sessionId;
    this.terminals = parts.terminals;
    this.warnings = parts.warnings;
    this.#session = parts.session;
    this.#registry = parts.registry;
    this.#readBlob = parts.readBlob;
    this.#handlers = parts.handlers;
    this.#ownsTerminals = parts.ownsTerminals;
  }

  /**
   * Makes a session or opens one. Rejects with AppError: `usage` (bad options), `not-found`, `in-use`,
   * `storage`. A missing key or unreachable server is no reason to reject: the turn that needs it says so.
   */
  static async open(options: RuntimeOptions): Promise<Runtime> {
    return new Runtime(await assemble(options));
  }

  get state(): SessionState {
    return this.#session.state;
  }

  /** The turn that a dead process left behind, until `resume` or `discard`. */
  get interruptedTurn(): InterruptedTurn | null {
    return this.#session.interruptedTurn;
  }

  /** All events, or those of one type, durable and live, in order. A listener that throws is logged. */
  on(listener: (event: AgentEvent) => void): Disposable;
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): Disposable;
  on(first: EventType | ((event: AgentEvent) => void), second?: (event: never) => void): Disposable {
    if (typeof first === "function") return this.#session.on(first);
    return this.#session.on((event) => {
      if (event.type === first) (second as (event: AgentEvent) => void)(event);
    });
  }

  /** Answers permission requests from now on. A throw or anything but a decision is a denial. */
  onPermission(handler: PermissionHandler): Disposable {
    this.#handlers.permission = handler;
    return toDisposable(() => {
      if (this.#handlers.permission === handler) this.#handlers.permission = undefined;
    });
  }

  /** Answers questions from now on; null or a throw is "not answered". */
  onQuestion(handler: QuestionHandler): Disposable {
    this.#handlers.question = handler;
    return toDisposable(() => {
      if (this.#handlers.question === handler) this.#handlers.question = undefined;
    });
  }

  /**
   * Runs one task to its end. While another turn runs it waits its turn. Aborting `signal` interrupts the turn.
   * Rejects with AppError `usage` while an interrupted turn waits, and `storage`.
   */
  async run(task: string | UserInput, options: { signal?: AbortSignal } = {}): Promise<TurnResult> {
    const input = inputOf(task);
    return this.#watchTurn(() => this.submit({ type: "turn.submit", input }), options.signal, input);
  }

  /** Goes on with the interrupted turn and waits for its end. */
  async resume(options: { signal?: AbortSignal } = {}): Promise<TurnResult> {
    return this.#watchTurn(() => this.submit({ type: "turn.resume" }), options.signal, undefined);
  }

  /** Gives the interrupted turn up. */
  discard(): Promise<OpOutcome> {
    return this.submit({ type: "turn.discard" });
  }

  /** Words for the running turn, injected before its next request. */
  steer(task: string | UserInput): Promise<OpOutcome> {
    return this.submit({ type: "turn.steer", input: inputOf(task) });
  }

  /** A task for after the running turn. */
  enqueue(task: string | UserInput): Promise<OpOutcome> {
    return this.submit({ type: "turn.submit", input: inputOf(task) });
  }

  /** Stops the running turn; it ends within a second. */
  interrupt(): Promise<OpOutcome> {
    return this.submit({ type: "turn.interrupt" });
  }

  submit(op: Op): Promise<OpOutcome> {
    return this.#session.submit(op);
  }

  /** Resolves when no turn runs. */
  idle(): Promise<void> {
    return this.#session.idle();
  }

  /** Adds a tool; it goes through the same gate, journal and timeline as the built-in ones. */
  registerTool(tool: Tool, options: { replace?: boolean } = {}): void {
    this.#registry.register(tool, options);
  }

  /** A before-image by its hash; null when it was not kept. */
  readBlob(hash: string): Promise<Uint8Array | null> {
    return this.#readBlob(hash);
  }

  /** Ends the session: the turn, the terminals, the journal. */
  async close(): Promise<void> {
    await this.#end("closed");
  }

  /** Lets go of the session without ending it: a running turn is left to be resumed by the next process. */
  async release(): Promise<void> {
    await this.#end("released");
  }

  async #end(how: "closed" | "released"): Promise<void> {
    try {
      await this.#session.close(how);
    } finally {
      if (this.#ownsTerminals) await this.terminals.close();
    }
  }

  async #watchTurn(
    start: () => Promise<OpOutcome>,
    signal: AbortSignal | undefined,
    input: UserInput | undefined,
  ): Promise<TurnResult> {
    if (signal?.aborted) return notStarted();
    const watch = new TurnWatch(this.#session, input, this.interruptedTurn?.turnId);
    const onAbort = () => watch.stop();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const outcome = await start();
      if (outcome.kind === "refused") throw new AppError("usage", outcome.message);
      if (signal?.aborted) onAbort();
      const finished = await watch.finished;
      return finished === "withdrawn" ? notStarted() : this.#resultOf(finished);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      watch.dispose();
    }
  }

  #resultOf(event: EventOf<"turn.finished">): TurnResult {
    const turn = this.state.turns.find((candidate) => candidate.turnId === event.turnId);
    const last = turn?.entries.findLast((entry) => entry.kind === "item" && entry.item.kind === "assistant_message");
    return {
      turnId: event.turnId ?? "",
      reason: event.reason,
      text: last?.kind === "item" ? last.item.text : "",
      ...(event.error ? { error: event.error } : {}),
      steps: event.steps,
    };
  }
}

/** What a task ends with that was taken back before its turn began. */
function notStarted(): TurnResult {
  return { turnId: "", reason: "interrupted", text: "", steps: 0 };
}

interface Handlers {
  permission: PermissionHandler | undefined;
  question: QuestionHandler | undefined;
}

interface RuntimeParts {
  readonly sessionId: string;
  readonly terminals: Terminals;
  readonly ownsTerminals: boolean;
  readonly warnings: readonly string[];
  readonly session: Session;
  readonly registry: ToolRegistry;
  readonly handlers: Handlers;
  readonly readBlob: (hash: string) => Promise<Uint8Array | null>;
}

function inputOf(task: string | UserInput): UserInput {
  // A new object each time: the turn that starts from it is recognised by identity.
  return typeof task === "string" ? { text: task } : { ...task };
}

async function assemble(options: RuntimeOptions): Promise<RuntimeParts> {
  const { adapters = {} } = options;
  const log = adapters.log ?? silentLog;
  const ids = adapters.ids ?? randomIds;
  const store = openStore(options.store ?? "file", options.home);
  const sessionId = options.resume ?? options.sessionId ?? ids.next("session");
  const common = { options, sessionId, ids, log };
  if (options.resume === undefined) {
    // All that can be wrong with the options is found before the session's name is taken.
    const cwd = resolve(options.cwd);
    const place = { cwd, folders: [cwd, ...(options.folders ?? [])] };
    const prepared = prepare(options, { place, model: options.model ?? "", events: [], ids, log });
    const opened = { journal: await store.create(sessionId, cwd), events: [], warnings: [] };
    return closingOnFailure(opened, () =>
      assembleSession({ ...common, ...prepared, opened, state: emptyState, place }),
    );
  }
  const opened = await store.open(sessionId);
  return closingOnFailure(opened, () => {
    const state = reduceAll(opened.events, emptyState);
    const place = { cwd: state.cwd, folders: state.folders };
    const model = options.model ?? state.model;
    const prepared = prepare(options, { place, model, events: opened.events, ids, log });
    return assembleSession({ ...common, ...prepared, opened, state, place });
  });
}

async function closingOnFailure<T>(opened: OpenedJournal, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await opened.journal.close();
    throw error;
  }
}

interface Preparation {
  readonly place: { readonly cwd: string; readonly folders: readonly string[] };
  readonly model: string;
  readonly events: readonly AgentEvent[];
  readonly ids: IdSource;
  readonly log: Log;
}

/** The parts that need no journal. Throws AppError `usage`. */
function prepare(options: RuntimeOptions, { place, model, events, ids, log }: Preparation) {
  if (model === "") throw new AppError("usage", "no model was named", { next: "Pass one as provider/name." });
  const models = modelSelector(options, model);
  if (options.model !== undefined) models.check(options.model);
  const workspace = assembleWorkspace({
    ...place,
    adapters: options.adapters ?? {},
    selection: options.tools,
    shell: options.shell,
    ids,
    log,
    events,
  });
  return { model, models, workspace };
}

interface Assembly {
  readonly options: RuntimeOptions;
  readonly sessionId: string;
  readonly opened: OpenedJournal;
  readonly state: SessionState;
  readonly place: { readonly cwd: string; readonly folders: readonly string[] };
  readonly model: string;
  readonly workspace: WorkspaceParts;
  readonly models: ModelSelector;
  readonly ids: IdSource;
  readonly log: Log;
}

async function assembleSession(assembly: Assembly): Promise<RuntimeParts> {
  const { options, sessionId, opened, state, place, model, workspace, ids, log } = assembly;
  const { adapters = {} } = options;
  const handlers: Handlers = { permission: options.onPermission, question: options.onQuestion };
  const registry = new ToolRegistry(workspace.tools);
  const { models } = assembly;
  models.warmUp(model);
  const session = new Session({
    state,
    sessionId,
    journal: opened.journal,
    registry,
    terminals: workspace.terminals,
    files: workspace.files,
    clock: adapters.clock ?? systemClock,
    ids,
    log,
    random: Math.random,
    maxSteps: options.maxSteps,
    policy: () => ({ approval: options.approval ?? "untrusted", trusted: options.trusted?.() ?? true }),
    approver: () => approverOf(options, handlers),
    answerer: () => answererOf(options, handlers),
    selectModel: (id) => models.select(id),
    contextSources: async () => ({
      instructions: staticInstructions(
        { ...place, platform: process.platform },
        await readProjectRules(workspace.files, place.cwd),
      ),
      tools: registry.specs(),
      settings: options.modelSettings ?? {},
    }),
  });
  if (options.onEvent) session.on(options.onEvent);
  for (const warning of opened.warnings) log.warn(`journal of ${sessionId}: ${warning}`);
  if (opened.events.length === 0) {
    await session.emit([
      {
        type: "session.opened",
        cwd: place.cwd,
        folders: [...place.folders],
        model,
        interface: "tools",
        dialect: "codepilot",
        productVersion: PRODUCT_VERSION,
      },
    ]);
  } else if (model !== state.model) {
    await session.submit({ type: "model.select", model });
  }
  await session.emit(goneTerminals(state, workspace.terminals));
  // The journal only: what it was opened with would stay in memory as long as the session.
  const { journal, warnings } = opened;
  return {
    sessionId,
    terminals: workspace.terminals,
    ownsTerminals: adapters.terminals === undefined,
    warnings,
    session,
    registry,
    handlers,
    readBlob: (hash) => journal.getBlob(hash),
  };
}

/** Terminals that the journal knows and nobody has any more: they ended with the process they ran in. */
function goneTerminals(state: SessionState, terminals: Terminals): NewEvent[] {
  const living = new Set(terminals.list().map((terminal) => terminal.name));
  return Object.values(state.terminals)
    .filter((terminal) => terminal.status !== "exited" && (!living.has(terminal.name) || terminal.name === "main"))
    .map((terminal) => ({ type: "terminal.exited", terminal: terminal.name, exitCode: null }));
}

function modelSelector(options: RuntimeOptions, model: string): ModelSelector {
  const { adapters = {} } = options;
  // What the options say of a server is meant for the model they name, not for one that is chosen later.
  const ownProvider = model.split("/", 1)[0];
  const { baseUrl, apiKey, apiKeyEnv } = options;
  return new ModelSelector({
    connection: (provider) => ({
      ...adapters.connection?.(provider),
      ...(provider === ownProvider ? defined({ baseUrl, apiKey, apiKeyEnv }) : {}),
    }),
    secrets: adapters.secrets ?? { get: async (name) => process.env[name] },
    environment: process.env,
    ownClient: adapters.modelClient,
  });
}

function defined(connection: Connection): Connection {
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
}

function approverOf(options: RuntimeOptions, handlers: Handlers): Approver {
  if (options.allowAll) return { kind: "allow-all" };
  if (handlers.permission) return { kind: "handler", handle: handlers.permission };
  return options.attended ? { kind: "person" } : { kind: "nobody" };
}

function answererOf(options: RuntimeOptions, handlers: Handlers): Answerer {
  if (handlers.question) return { kind: "handler", handle: handlers.question };
  return options.attended ? { kind: "person" } : { kind: "nobody" };
}
