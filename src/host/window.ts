/**
 * Everything of a window that is needed once somebody uses CodePilot: sessions, prompts, panel, terminals, models.
 * Loaded by src/extension.ts on first need.
 */
import * as vscode from "vscode";
import { AppError } from "../base/app-error.ts";
import { DisposableStore } from "../base/disposable.ts";
import { PRODUCT_VERSION } from "../embed/product-version.ts";
import { Runtime } from "../embed/runtime.ts";
import { FileSessionStore } from "../node/stores/file-session-store.ts";
import { watchSessions } from "../node/stores/watch-sessions.ts";
import type { UserInput } from "../protocol/items.ts";
import type { ViewEnvironment } from "../protocol/webview.ts";
import { WindowAgents } from "./agents/window-agents.ts";
import type { Ask } from "./ask.ts";
import { ChatView } from "./chat/chat-view.ts";
import { panelActions } from "./chat/panel-actions.ts";
import { ViewBridge } from "./chat/view-bridge.ts";
import { explainError, offerWayOut } from "./explain-error.ts";
import type { Keys } from "./keys.ts";
import { chooseModel, type ModelChoice } from "./models/model-choice.ts";
import { pickModel } from "./models/pick-model.ts";
import { setKey } from "./models/set-key.ts";
import { BEFORE_SCHEME, BeforeImages } from "./open-documents.ts";
import type { OutputLog } from "./output-log.ts";
import { PermissionPrompter } from "./prompts/permission-prompter.ts";
import { QuestionPrompter } from "./prompts/question-prompter.ts";
import { HomeFolder } from "./sessions/home-folder.ts";
import type { LiveSession } from "./sessions/live-session.ts";
import { SessionHub } from "./sessions/session-hub.ts";
import { SessionList } from "./sessions/session-list.ts";
import { SessionTree } from "./sessions/session-tree.ts";
import type { SessionsView } from "./sessions/sessions-view.ts";
import { windowRuntimeOptions } from "./sessions/window-runtime-options.ts";
import { readSettings, writeModelSetting } from "./settings.ts";
import { StatusBar } from "./status-bar.ts";
import { TaskTerminal } from "./tasks/task-terminal.ts";
import { AgentTerminals } from "./terminals/agent-terminals.ts";
import { OpenPanes } from "./terminals/open-panes.ts";
import { activeFolder, openFolders, pickFolder } from "./workspace-place.ts";

export interface WindowParts {
  readonly context: vscode.ExtensionContext;
  readonly log: OutputLog;
  readonly keys: Keys;
  readonly statusItem: vscode.StatusBarItem;
  readonly sessionsView: SessionsView;
  readonly ask: Ask;
}

const SHOWN_SESSION_KEY = "codepilot.shownSession";
const HOME_FOLDER_KEY = "codepilot.homeFolder";
const RECENT = 5;

export class CodePilotWindow {
  readonly hub: SessionHub;
  readonly prompter: PermissionPrompter;
  readonly questions: QuestionPrompter;
  readonly terminals: AgentTerminals;
  /** Where new tasks work. */
  readonly home: HomeFolder;
  readonly sessionTree: SessionTree;
  readonly agents: WindowAgents;
  readonly #parts: WindowParts;
  readonly #view: ChatView;
  readonly #bridge: ViewBridge;
  readonly #images: BeforeImages;
  readonly #store = new DisposableStore();
  #sessions: { readonly home: string; readonly store: FileSessionStore } | undefined;
  #restored: Promise<void> | undefined;
  #focusComposerText: { text?: string } | undefined;

  constructor(parts: WindowParts) {
    const { context, log, keys, statusItem } = parts;
    this.#parts = parts;
    this.home = this.#store.add(
      new HomeFolder({
        folders: openFolders,
        activeFolder,
        pick: pickFolder,
        kept: {
          read: () => context.workspaceState.get<unknown>(HOME_FOLDER_KEY),
          write: (path) => void context.workspaceState.update(HOME_FOLDER_KEY, path),
        },
        log,
      }),
    );
    this.hub = this.#store.add(
      new SessionHub({
        runtimeOptions: windowRuntimeOptions({ log, keys }),
        openRuntime: (options) => Runtime.open(options),
        store: () => this.#sessionStore(),
        folders: () => openFolders().map(({ path }) => path),
        log,
        now: () => Date.now(),
      }),
    );
    this.agents = new WindowAgents({
      hub: this.hub,
      home: this.home,
      ask: parts.ask,
      memory: context.workspaceState,
      reveal: () => this.revealChat(),
      log,
    });
    this.sessionTree = this.#store.add(this.#makeSessionTree());
    this.#images = new BeforeImages((sessionId) => this.hub.get(sessionId));
    this.#view = this.#store.add(
      new ChatView(context.extensionUri, {
        onMessage: (message) => void this.#bridge.receive(message),
        onPageChanged: () => this.#bridge.disconnect(),
      }),
    );
    this.prompter = this.#store.add(
      new PermissionPrompter({
        hub: this.hub,
        ask: parts.ask,
        mode: () => readSettings().prompt,
        tell: (message) => void vscode.window.showInformationMessage(message),
        log,
      }),
    );
    this.questions = this.#store.add(
      new QuestionPrompter({ hub: this.hub, panelVisible: () => this.#view.visible, log }),
    );
    this.terminals = this.#store.add(
      new AgentTerminals({ hub: this.hub, log, openPanes: new OpenPanes(context.workspaceState) }),
    );
    this.#bridge = this.#store.add(this.#makeBridge());
    this.#store.add(
      new StatusBar(this.hub, statusItem, (glance) => this.#view.badge(glance.permissions.length + glance.questions)),
    );
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(BEFORE_SCHEME, this.#images));
    this.#store.add(
      this.hub.onShown((session) => {
        void context.workspaceState.update(SHOWN_SESSION_KEY, session?.runtime.sessionId);
        if (session) parts.sessionsView.select(session.runtime.sessionId);
        this.#bridge.refreshEnvironment();
      }),
    );
    this.#store.add(
      this.hub.onEvent(({ event }) => {
        if (event.type === "turn.finished" || event.type === "model.selected") this.#bridge.refreshEnvironment();
      }),
    );
    const refresh = () => this.#bridge.refreshEnvironment();
    this.#store.add(keys.onDidChange(refresh));
    this.#store.add(this.home.onDidChange(refresh));
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(refresh));
    this.#store.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        void this.hub.foldersChanged();
        this.sessionTree.refresh();
        refresh();
      }),
    );
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration("codepilot")) return;
        if (change.affectsConfiguration("codepilot.home")) this.sessionTree.refresh();
        refresh();
      }),
    );
  }

  attachView(view: vscode.WebviewView): void {
    this.#view.attach(view);
  }

  /** Shows the panel with no session, ready for a task. */
  async newTask(): Promise<void> {
    this.hub.showNone();
    await this.revealChat({});
  }

  /** `focus`: the composer takes the focus, with this text in it if there is one. */
  async revealChat(focus?: { text?: string }): Promise<void> {
    this.#focusComposerText = focus;
    await this.#view.reveal();
    // A page that is there already takes it at once, a new one when it is ready.
    if (focus) this.#bridge.focusComposer(focus.text);
  }

  get ask(): Ask {
    return this.#parts.ask;
  }

  /** Of the row that is selected in the sessions view. */
  get selectedSession(): string | undefined {
    return this.#parts.sessionsView.selected;
  }

  /** Hands the task to the shown session or a new one. Null: the person was asked for a folder and dismissed. */
  async startTask(input: UserInput): Promise<LiveSession | null> {
    try {
      const cwd = this.hub.shown?.runtime.state.cwd ?? (await this.home.forNewTask())?.path;
      return cwd === undefined ? null : await this.hub.submit(input, cwd);
    } catch (error) {
      // Not waited for: it stands until it is clicked away, and what was written goes back to the composer now.
      this.offerWayOut(error).catch((fault: unknown) => this.#parts.log.error("the way out was not shown", fault));
      throw error;
    }
  }

  /** A terminal of the person's that the agent of the shown session can use too. */
  async newTerminal(): Promise<void> {
    const session = await this.#sessionForTerminal();
    if (session) await this.terminals.openNew(session);
  }

  /** The same, for the list of terminal profiles; undefined when the person chose no folder. */
  async terminalProfile(): Promise<vscode.TerminalProfile | undefined> {
    const session = await this.#sessionForTerminal();
    return session && this.terminals.profile(session);
  }

  /** `folder`: where the task is written down; undefined for one that belongs to no folder. */
  taskTerminal(definition: unknown, folder: string | undefined): vscode.Pseudoterminal {
    return new TaskTerminal({
      hub: this.hub,
      agents: this.agents,
      definition,
      folder: async () => folder ?? (await this.home.forNewTask())?.path ?? null,
      log: this.#parts.log,
    });
  }

  async pickModel(): Promise<void> {
    const settings = readSettings();
    const picked = await pickModel({
      current: (await this.model()).model,
      baseUrl: settings.baseUrl,
      secrets: this.#parts.keys,
      environment: process.env,
    });
    if (picked?.kind === "set-key") return this.setKey();
    if (picked?.kind !== "model") return;
    await writeModelSetting(picked.model);
    await this.hub.shown?.runtime.submit({ type: "model.select", model: picked.model });
    this.#bridge.refreshEnvironment();
  }

  async setKey(): Promise<void> {
    if (await setKey(this.#parts.keys)) this.#bridge.refreshEnvironment();
  }

  /** Of the next turn: the shown session's, else the one for new tasks. */
  async model(): Promise<ModelChoice> {
    const settings = readSettings();
    const { shown } = this.hub;
    const inputs = {
      wanted: shown?.runtime.state.model || settings.model,
      baseUrl: settings.baseUrl,
      secrets: this.#parts.keys,
      environment: process.env,
    };
    return chooseModel(this.agents.modelInputs(shown, inputs));
  }

  /** For a command that failed. */
  offerWayOut(error: unknown): Promise<void> {
    return offerWayOut(error, this.#parts.log);
  }

  /** After the window has started: turns that were left behind go on, or are offered. */
  async resumeUnfinished(): Promise<void> {
    await this.#restoreOnce();
    const shown = this.hub.shown;
    const turn = shown?.runtime.interruptedTurn;
    if (!shown || !turn) return;
    const what = turn.unresolved.length > 0 ? ` while it did: ${turn.unresolved.join("; ")}` : "";
    const message = `CodePilot was interrupted${what}. Resume the turn?`;
    const button = await vscode.window.showInformationMessage(message, "Resume", "Discard", "Show");
    if (button === "Resume") await shown.runtime.submit({ type: "turn.resume" });
    if (button === "Discard") await shown.runtime.discard();
    if (button === "Show") await this.revealChat();
  }

  /** Lets go of everything; running turns are left for the next window. */
  async release(): Promise<void> {
    const released = this.hub.release();
    this.#store.dispose();
    await released;
  }

  async #sessionForTerminal(): Promise<LiveSession | undefined> {
    await this.#restoreOnce();
    if (this.hub.shown) return this.hub.shown;
    const cwd = (await this.home.forNewTask())?.path;
    return cwd === undefined ? undefined : this.hub.start(cwd);
  }

  #makeBridge(): ViewBridge {
    const { log } = this.#parts;
    return new ViewBridge({
      hub: this.hub,
      post: (message) => this.#view.post(message),
      environment: () => this.#environment(),
      beforeFirstSnapshot: async () => {
        await this.#restoreOnce();
        const focus = this.#focusComposerText;
        this.#focusComposerText = undefined;
        // After the snapshot, which follows in the same turn of the event loop.
        if (focus) setTimeout(() => this.#bridge.focusComposer(focus.text), 50);
      },
      explain: explainError,
      log,
      actions: panelActions({
        hub: this.hub,
        home: this.home,
        terminals: this.terminals,
        images: this.#images,
        log,
        pickModel: () => this.pickModel(),
        setKey: () => this.setKey(),
        startTask: (input) => this.startTask(input),
      }),
    });
  }

  /** Once a window: unfinished turns, else the session that was in the panel when the page was left. */
  #restoreOnce(): Promise<void> {
    this.#restored ??= this.#restore().catch((error: unknown) => {
      this.#parts.log.error("the last session was not restored", error);
    });
    return this.#restored;
  }

  async #restore(): Promise<void> {
    await this.hub.resumeUnfinished();
    const last = this.#parts.context.workspaceState.get<unknown>(SHOWN_SESSION_KEY);
    if (this.hub.shown || typeof last !== "string") return;
    try {
      await this.hub.open(last);
    } catch (error) {
      // Deleted, or another window has it: the panel starts with the list of recent sessions.
      if (!AppError.is(error, "not-found") && !AppError.is(error, "in-use")) throw error;
    }
  }

  async #environment(): Promise<ViewEnvironment> {
    const [choice, recent] = await Promise.all([this.model(), this.hub.list(RECENT)]);
    return {
      productVersion: PRODUCT_VERSION,
      model: choice.model,
      modelLabel: choice.label,
      demo: choice.demo,
      modelReady: choice.ready,
      modelProblem: choice.problem,
      folders: openFolders(),
      home: this.home.current?.path ?? null,
      trusted: vscode.workspace.isTrusted,
      prompt: readSettings().prompt,
      recent,
    };
  }

  /** One for each home: it remembers what its lists have found. */
  #sessionStore(): FileSessionStore {
    const { home } = readSettings();
    if (this.#sessions?.home !== home) this.#sessions = { home, store: new FileSessionStore(home) };
    return this.#sessions.store;
  }

  #makeSessionTree(): SessionTree {
    const watch = (onChange: (sessionId: string) => void) =>
      watchSessions(
        readSettings().home,
        openFolders().map(({ path }) => path),
        onChange,
      );
    const list = new SessionList({ hub: this.hub, watch, log: this.#parts.log, now: () => Date.now() });
    return new SessionTree(list, openFolders);
  }
}
