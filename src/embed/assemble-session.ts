/** Puts a session together from its parts: store, workspace, tools, models and whoever answers. */
import { resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { systemClock } from "../base/clock.ts";
import { type IdSource, randomIds } from "../base/ids.ts";
import { leanFetch } from "../node/http/lean-fetch.ts";
import { type Log, silentLog } from "../ports/log.ts";
import type { OpenedJournal } from "../ports/session-store.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { AgentProfile } from "../protocol/agent-profile.ts";
import type { AgentEvent, NewEvent } from "../protocol/events.ts";
import { reduceAll } from "../protocol/reduce.ts";
import { emptyState, type SessionState } from "../protocol/state.ts";
import { isLiving } from "../protocol/terminals.ts";
import { readProjectRules, staticInstructions } from "../runtime/instructions.ts";
import { instructionsNotice, journalNotice, untold } from "../runtime/notices.ts";
import { pythonActing } from "../runtime/scripts/python-instructions.ts";
import { Session } from "../runtime/session.ts";
import { ToolRegistry } from "../runtime/tool-registry.ts";
import { agentOf, settingsFor, withAgent } from "./agent-file/agent-options.ts";
import type { AnsweringHooks } from "./answering-hooks.ts";
import { assembleWorkspace, type WorkspaceParts } from "./assemble-workspace.ts";
import { environmentSecrets } from "./environment-secrets.ts";
import { keyNames } from "./key-names.ts";
import { type Connection, ModelSelector } from "./model-selector.ts";
import { openStore } from "./open-store.ts";
import { PRODUCT_VERSION } from "./product-version.ts";
import { pythonSupport } from "./python-support.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import { checkHome, checkNewHome, foldersChange } from "./session-folders.ts";

/** An open session and what its owner has to reach or to close. */
export interface AssembledSession {
  readonly sessionId: string;
  readonly session: Session;
  readonly terminals: Terminals;
  /** The terminals were made for this session and end with it. */
  readonly ownsTerminals: boolean;
  readonly registry: ToolRegistry;
  readonly agent: AgentProfile | undefined;
  /** What was passed over when the journal was read. */
  readonly warnings: readonly string[];
  /** See Runtime.setFolders. */
  readonly setFolders: (folders: readonly string[]) => Promise<void>;
  readonly readBlob: (hash: string) => Promise<Uint8Array | null>;
  /** Ends the interpreter's process, if there is one. */
  readonly disposeEngine: () => Promise<void>;
}

/**
 * Makes the session that the options describe, or opens the one they resume. Rejects with AppError `usage`,
 * `not-found`, `in-use` or `storage`; a journal that was opened is closed again then.
 */
export async function assembleSession(given: RuntimeOptions, hooks: AnsweringHooks): Promise<AssembledSession> {
  const { adapters = {} } = given;
  const log = adapters.log ?? silentLog;
  const ids = adapters.ids ?? randomIds;
  const store = openStore(given.store ?? "file", given.home);
  const sessionId = given.resume ?? given.sessionId ?? ids.next("session");
  const common = { sessionId, ids, log, hooks };
  if (given.resume === undefined) {
    const options = withAgent(given);
    await checkNewHome(options.cwd);
    // All that can be wrong with the options is found before the session's name is taken.
    const cwd = resolve(options.cwd);
    const place = { cwd, folders: [cwd, ...(options.folders ?? [])] };
    const acting = options.interface ?? "tools";
    const model = options.model ?? "";
    const prepared = prepare(options, { sessionId, place, acting, model, events: [], ids, log });
    const unique = given.sessionId === undefined;
    const journal = await store.create(sessionId, resolve(options.listedUnder ?? cwd), { unique });
    const opened = { journal, events: [], warnings: [] };
    const start = { ...common, ...prepared, options, opened, state: emptyState, place };
    return closingOnFailure(opened, () => startSession(start));
  }
  const opened = await store.open(sessionId);
  return closingOnFailure(opened, async () => {
    const state = reduceAll(opened.events, emptyState);
    const options = withAgent(given, agentOf(opened.events));
    await checkHome(state);
    const place = { cwd: state.cwd, folders: state.folders };
    const model = options.model ?? state.model;
    const acting = state.interface;
    const prepared = prepare(options, { sessionId, place, acting, model, events: opened.events, ids, log });
    const { terminals } = prepared.workspace;
    await terminals.reconnect();
    try {
      return await startSession({ ...common, ...prepared, options, opened, state, place });
    } catch (error) {
      // They go on where they are, for whoever opens the session next.
      if (options.adapters?.terminals === undefined) terminals.dispose();
      throw error;
    }
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
  readonly sessionId: string;
  readonly place: { readonly cwd: string; readonly folders: readonly string[] };
  readonly acting: SessionState["interface"];
  readonly model: string;
  readonly events: readonly AgentEvent[];
  readonly ids: IdSource;
  readonly log: Log;
}

/** The parts that need no journal. Throws AppError `usage`. */
function prepare(options: RuntimeOptions, { sessionId, place, acting, model, events, ids, log }: Preparation) {
  const { maxSteps } = options;
  if (maxSteps !== undefined && !(Number.isSafeInteger(maxSteps) && maxSteps > 0)) {
    throw new AppError("usage", `maxSteps can not be ${maxSteps}`, { next: "Pass a whole number above 0, or none." });
  }
  if (model === "") throw new AppError("usage", "no model was named", { next: "Pass one as provider/name." });
  if (acting === "javascript") {
    throw new AppError("not-yet", "interface javascript is not built yet", { next: "Use python or tools." });
  }
  const models = modelSelector(options, model);
  if (options.model !== undefined) models.check(options.model);
  const workspace = assembleWorkspace({
    ...place,
    adapters: options.adapters ?? {},
    selection: options.tools,
    acting,
    maxOutputChars: options.agent?.maxOutputChars,
    shell: options.shell,
    lastingUnder: lasts(options) ? sessionId : null,
    keepEnvironment: options.keepEnvironment ?? [],
    keyNames: keyNames(options),
    ids,
    log,
    events,
  });
  return { model, models, workspace, acting };
}

/** Nobody comes back to a session that is kept in memory. */
function lasts({ terminals, store }: RuntimeOptions): boolean {
  return (terminals ?? (store === "memory" ? "in-process" : "lasting")) === "lasting";
}

interface StartOptions {
  readonly options: RuntimeOptions;
  readonly sessionId: string;
  readonly opened: OpenedJournal;
  readonly state: SessionState;
  readonly place: { readonly cwd: string; readonly folders: readonly string[] };
  readonly model: string;
  /** A session keeps the interface it was begun with: its history is told in that one. */
  readonly acting: SessionState["interface"];
  readonly workspace: WorkspaceParts;
  readonly hooks: AnsweringHooks;
  readonly models: ModelSelector;
  readonly ids: IdSource;
  readonly log: Log;
}

async function startSession(start: StartOptions): Promise<AssembledSession> {
  const { options, sessionId, opened, state, place, model, acting, workspace, hooks, ids, log } = start;
  const { adapters = {} } = options;
  const registry = new ToolRegistry(workspace.tools);
  const { models } = start;
  models.warmUp(model);
  const python = acting === "python" ? pythonSupport({ registry, cwd: place.cwd, home: options.home, log }) : undefined;
  const session = new Session({
    state,
    sessionId,
    journal: opened.journal,
    registry,
    terminals: workspace.terminals,
    ...(adapters.terminals ? {} : { letGoOfTerminals: () => workspace.terminals.dispose() }),
    files: workspace.files,
    fileWatch: workspace.fileWatch,
    clock: adapters.clock ?? systemClock,
    ids,
    log,
    random: Math.random,
    maxSteps: options.maxSteps,
    policy: () => ({
      approval: options.approval ?? "untrusted",
      trusted: options.trusted?.() ?? true,
      ...(options.agent ? { agent: options.agent } : {}),
    }),
    approver: () => hooks.approver(),
    answerer: () => hooks.answerer(),
    ...(python ? { scripts: python } : {}),
    selectModel: (id) => models.select(id),
    contextSources: async () => {
      const rules = await readProjectRules(workspace.files, place.cwd);
      if (rules.problem !== undefined) {
        await session.emit(untold([instructionsNotice(rules.problem)], session.state));
      }
      const facts = {
        cwd: place.cwd,
        folders: workspace.paths.folders,
        platform: process.platform,
        agent: options.agent,
      };
      return {
        instructions: staticInstructions(facts, rules.text, python && pythonActing(python.functions())),
        tools: python ? [] : registry.specs(),
        settings: settingsFor(options, session.state.model),
        ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
      };
    },
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
        interface: acting,
        dialect: "codepilot",
        ...(options.agent ? { agent: options.agent } : {}),
        productVersion: PRODUCT_VERSION,
      },
    ]);
  } else if (model !== state.model) {
    await session.submit({ type: "model.select", model });
  }
  await session.emit([
    ...goneTerminals(state, workspace.terminals),
    ...untold([journalNotice(opened.warnings)], session.state),
  ]);
  // The journal only: what it was opened with would stay in memory as long as the session.
  const { journal, warnings } = opened;
  return {
    sessionId,
    terminals: workspace.terminals,
    ownsTerminals: adapters.terminals === undefined,
    warnings,
    session,
    registry,
    agent: options.agent,
    setFolders: async (folders) => {
      // An agent that names its folder has that one only, whatever else is open.
      if (options.agent?.workDir !== undefined) return;
      workspace.paths.setFolders(folders);
      await session.emit(foldersChange(session.state, folders));
    },
    readBlob: (hash) => journal.getBlob(hash),
    disposeEngine: async () => python?.engine.dispose(),
  };
}

/** Terminals that the journal knows and nobody has any more: they ended with the process they ran in. */
function goneTerminals(state: SessionState, terminals: Terminals): NewEvent[] {
  const living = new Set(terminals.list().flatMap((terminal) => (isLiving(terminal) ? [terminal.name] : [])));
  return Object.values(state.terminals)
    .filter((terminal) => terminal.status !== "exited" && !living.has(terminal.name))
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
    secrets: adapters.secrets ?? environmentSecrets,
    environment: process.env,
    fetch: adapters.fetch ?? leanFetch,
    ownClient: adapters.modelClient,
  });
}

function defined(connection: Connection): Connection {
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
}
