/**
 * What the extension adds to VS Code, as one typed table: commands, keys, settings, views. package.json repeats it
 * because VS Code reads it there; test/unit/host/contributions.test.ts compares the two.
 */

interface CommandRow {
  readonly title: string;
  readonly icon?: string;
  /** When the command can be used; it is greyed out otherwise. */
  readonly enablement?: string;
  /** Left out of the palette: only buttons and other code call it. */
  readonly internal?: true;
}

/** Context keys that the extension sets; `when` clauses may use these and no others of ours. */
export const contextKeys = {
  running: "codepilot.running",
  awaitingPermission: "codepilot.awaitingPermission",
  interrupted: "codepilot.interrupted",
} as const;

/** Keys of VS Code's own that `when` clauses use. */
export const editorKeys = {
  severalFolders: "workspaceFolderCount > 1",
  noFolder: "workspaceFolderCount == 0",
  someFolder: "workspaceFolderCount != 0",
} as const;

export const commands = {
  "codepilot.newTask": { title: "New Task", icon: "$(add)" },
  "codepilot.runTask": { title: "Run Task…" },
  "codepilot.runAgentFile": { title: "Run Agent File…" },
  "codepilot.stop": { title: "Stop", icon: "$(debug-stop)", enablement: contextKeys.running },
  "codepilot.resume": { title: "Resume", enablement: contextKeys.interrupted },
  "codepilot.discard": { title: "Discard Interrupted Turn", enablement: contextKeys.interrupted },
  "codepilot.showSessions": { title: "Show Sessions", icon: "$(search)" },
  "codepilot.selectFolder": { title: "Select Folder for New Tasks", enablement: editorKeys.severalFolders },
  "codepilot.selectModel": { title: "Select Model" },
  "codepilot.setApiKey": { title: "Set API Key" },
  "codepilot.allowPending": { title: "Allow Pending Request", enablement: contextKeys.awaitingPermission },
  "codepilot.denyPending": { title: "Deny Pending Request", enablement: contextKeys.awaitingPermission },
  "codepilot.showPending": { title: "Show Pending Requests", enablement: contextKeys.awaitingPermission },
  "codepilot.newTerminal": { title: "New CodePilot Terminal", icon: "$(terminal)" },
  "codepilot.openTerminal": { title: "Open Agent Terminal" },
  "codepilot.endTerminal": { title: "End Agent Terminal" },
  "codepilot.openSettings": { title: "Open Settings", icon: "$(gear)" },
  "codepilot.showLog": { title: "Show Log" },
  "codepilot.session.open": { title: "Open", internal: true },
  "codepilot.session.resume": { title: "Resume", icon: "$(debug-continue)", internal: true },
  "codepilot.session.discard": { title: "Discard Interrupted Turn", icon: "$(discard)", internal: true },
  "codepilot.session.stop": { title: "Stop", icon: "$(debug-stop)", internal: true },
  "codepilot.session.copyId": { title: "Copy Session ID", internal: true },
  "codepilot.session.delete": { title: "Delete…", icon: "$(trash)", internal: true },
  "codepilot.session.showOlder": { title: "Show Older Sessions", internal: true },
  "codepilot.statusAction": { title: "Show What CodePilot Is Doing", internal: true },
} as const satisfies Record<string, CommandRow>;

export type CommandId = keyof typeof commands;

export const viewId = "codepilot.chat";
export const sessionsViewId = "codepilot.sessions";
export const taskType = "codepilot";
export const terminalProfileId = "codepilot.terminal";

/** The list of sessions has the keyboard, and what is typed is no search in it. */
export const inSessions = `focusedView == ${sessionsViewId} && !inputFocus`;

/** Chords that neither a browser nor VS Code's own chat takes. */
const keybindings = [
  { command: "codepilot.newTask", key: "ctrl+alt+j" },
  { command: "codepilot.stop", key: "ctrl+alt+s", when: contextKeys.running },
  { command: "codepilot.allowPending", key: "ctrl+alt+y", when: contextKeys.awaitingPermission },
  { command: "codepilot.denyPending", key: "ctrl+alt+n", when: contextKeys.awaitingPermission },
  { command: "codepilot.session.delete", key: "delete", mac: "cmd+backspace", when: inSessions },
] as const satisfies readonly { command: CommandId; key: string; mac?: string; when?: string }[];

/** `machine`: only in the person's own settings, so that a checked-out folder can not redirect keys or sessions. */
const settings = {
  "codepilot.model": {
    type: "string",
    default: "",
    order: 1,
    scope: "window",
    markdownDescription:
      "Model for new tasks as `provider/name`, for example `anthropic/claude-sonnet-5`, `openai/gpt-5`, `openai-chat/qwen3` or `vscode/ID`. Empty: Anthropic or OpenAI when a key for it is found, else the demo. [Select a model](command:codepilot.selectModel).",
  },
  "codepilot.baseUrl": {
    type: "object",
    default: {},
    order: 2,
    scope: "machine",
    additionalProperties: false,
    properties: {
      openai: { type: "string", description: "Responses API. Default: OPENAI_BASE_URL, else OpenAI." },
      "openai-chat": { type: "string", description: "Chat Completions API (Ollama, vLLM, OpenRouter, …)." },
      anthropic: { type: "string", description: "Messages API. Default: ANTHROPIC_BASE_URL, else Anthropic." },
    },
    markdownDescription:
      'Endpoint for each provider, for example `{"openai-chat": "http://127.0.0.1:11434/v1"}`. A server on this machine needs no key. Keys are never kept in settings: [set a key](command:codepilot.setApiKey).',
  },
  "codepilot.approval": {
    type: "string",
    default: "untrusted",
    order: 3,
    scope: "machine",
    enum: ["untrusted", "on-request", "on-failure", "never"],
    enumDescriptions: [
      "Ask before every write and every command.",
      "Behaves like “untrusted” in this version.",
      "Behaves like “untrusted” in this version.",
      "Never ask: what would be asked is refused.",
    ],
    description: "When the agent asks before it does something.",
  },
  "codepilot.permissions.prompt": {
    type: "string",
    default: "modal",
    order: 4,
    scope: "window",
    enum: ["modal", "card"],
    enumDescriptions: [
      "A modal message that can not be overlooked. Cancel leaves the request pending in the panel.",
      "Only the card in the panel, the status bar and the commands Allow / Deny Pending Request.",
    ],
    description: "How permission requests are shown.",
  },
  "codepilot.interface": {
    type: "string",
    default: "tools",
    order: 5,
    scope: "window",
    enum: ["tools", "python"],
    enumDescriptions: [
      "The model asks for one tool call after the other.",
      "The model writes short Python programs that call the tools; they run in a process of their own.",
    ],
    description: "How the model acts in new tasks. A task keeps what it began with; an agent file names its own.",
  },
  "codepilot.maxSteps": {
    type: ["integer", "null"],
    default: null,
    minimum: 1,
    order: 6,
    scope: "window",
    description: "Model responses after which a turn ends. Empty: no limit.",
  },
  "codepilot.shell": {
    type: "string",
    default: "",
    order: 7,
    scope: "machine",
    description: "Path or name of the shell in the agent's terminals. Empty: bash.",
  },
  "codepilot.terminal.keepEnvironment": {
    type: "array",
    items: { type: "string" },
    uniqueItems: true,
    default: [],
    order: 8,
    scope: "machine",
    markdownDescription:
      "Environment variables that the agent's shells get although their names look like secrets (`…_API_KEY`, `…_TOKEN`, `…_PASSWORD`), for example `NPM_TOKEN`.",
  },
  "codepilot.home": {
    type: "string",
    default: "",
    order: 9,
    scope: "machine",
    markdownDescription: "Folder that keeps the sessions. Empty: `$CODEPILOT_HOME`, else `~/.codepilot`.",
  },
} as const;

export type SettingId = keyof typeof settings;

const viewsContainers = {
  activitybar: [{ id: "codepilot", title: "CodePilot", icon: "media/codepilot.svg" }],
};

const views = {
  codepilot: [
    { type: "webview", id: viewId, name: "Chat", icon: "media/codepilot.svg" },
    // Folded at first: the chat needs the height, and shows the newest sessions itself when it is empty.
    { id: sessionsViewId, name: "Sessions", icon: "media/codepilot.svg", visibility: "collapsed" },
  ],
};

const viewsWelcome = [
  {
    view: sessionsViewId,
    contents: `No session yet. Each task becomes one; it is kept here and can be opened again.\n[New Task](command:${"codepilot.newTask" satisfies CommandId})`,
    when: editorKeys.someFolder,
  },
  {
    view: sessionsViewId,
    contents: "Sessions belong to a folder, and none is open.\n[Open Folder](command:vscode.openFolder)",
    when: editorKeys.noFolder,
  },
];

/** Rows of the sessions view; the words in `viewItem` are set by session-tree.ts. */
const sessionMenu = [
  row("codepilot.session.resume", "inline@1", "interrupted"),
  row("codepilot.session.stop", "inline@1", "running"),
  row("codepilot.session.delete", "inline@2", "deletable"),
  row("codepilot.session.open", "1_open@1", "session"),
  row("codepilot.session.resume", "2_turn@1", "interrupted"),
  row("codepilot.session.discard", "2_turn@2", "interrupted"),
  row("codepilot.session.stop", "2_turn@1", "running"),
  row("codepilot.session.copyId", "3_copy@1", "session"),
  // Offered for every session: where it can not be deleted, it says why.
  row("codepilot.session.delete", "4_delete@1", "session"),
];

function row(command: CommandId, group: string, word: string) {
  return { command, group, when: `view == ${sessionsViewId} && viewItem =~ /\\b${word}\\b/` };
}

/** In the list beside the + of VS Code's terminals. */
const terminal = { profiles: [{ id: terminalProfileId, title: "CodePilot Terminal", icon: "sparkle" }] };

const taskDefinitions = [
  {
    type: taskType,
    required: [],
    properties: {
      prompt: { type: "string", description: "What the agent shall do." },
      agent: {
        type: "string",
        description: "Path of an agent file (YAML), relative to the folder: model, limits and tools of this task.",
      },
      model: { type: "string", description: "provider/name; outranks the agent file and the setting." },
    },
  },
];

/** On a file of that name, in the explorer and in the editor. */
const onAgentFile = [
  "resourceScheme == file && resourceFilename =~ /^(.+[.])?agent[.]ya?ml$/",
  "resourceScheme == file && resourceDirname =~ /[.]codepilot$/ && resourceExtname =~ /^[.]ya?ml$/",
].join(" || ");
const agentFileMenus = Object.fromEntries(
  ["explorer/context", "editor/context", "editor/title/context"].map((menu) => [
    menu,
    [{ command: "codepilot.runAgentFile" satisfies CommandId, when: onAgentFile, group: "codepilot@1" }],
  ]),
);

/** For the YAML extension, where there is one; the file is made by the build. */
const agentFileSchemas = [
  {
    fileMatch: ["agent.yaml", "agent.yml", "*.agent.yaml", "*.agent.yml", ".codepilot/*.yaml", ".codepilot/*.yml"],
    url: "./dist/agent-file.schema.json",
  },
];

const configuration = { title: "CodePilot", properties: settings };

/** `contributes` as package.json has to say it. */
export function contributesSection() {
  const rows = Object.entries(commands) as [CommandId, CommandRow][];
  const group = (index: number) => `navigation@${index}`;
  // New task and the list of sessions are buttons of the panel itself.
  const titleButtons: readonly { view: string; commands: readonly CommandId[] }[] = [
    { view: viewId, commands: ["codepilot.openSettings"] },
    { view: sessionsViewId, commands: ["codepilot.newTask", "codepilot.showSessions"] },
  ];
  return {
    viewsContainers,
    views,
    viewsWelcome,
    commands: rows.map(([command, { title, icon, enablement }]) => ({
      command,
      title,
      category: "CodePilot",
      ...(icon ? { icon } : {}),
      ...(enablement ? { enablement } : {}),
    })),
    menus: {
      "view/title": titleButtons.flatMap(({ view, commands }) =>
        commands.map((command, index) => ({ command, when: `view == ${view}`, group: group(index + 1) })),
      ),
      "view/item/context": sessionMenu,
      ...agentFileMenus,
      commandPalette: rows.filter(([, { internal }]) => internal).map(([command]) => ({ command, when: "false" })),
    },
    keybindings,
    configuration,
    taskDefinitions,
    terminal,
    yamlValidation: agentFileSchemas,
  };
}

/** The other parts of package.json that belong to the window. */
export const activationEvents = ["onStartupFinished", `onTaskType:${taskType}`];

export const capabilities = {
  virtualWorkspaces: {
    supported: false,
    description: "The agent works on files and runs commands, so it needs a folder on a disk.",
  },
  untrustedWorkspaces: {
    supported: "limited",
    description: "In a workspace that is not trusted the agent can only read.",
    restrictedConfigurations: [
      "codepilot.model",
      "codepilot.permissions.prompt",
      "codepilot.interface",
      "codepilot.maxSteps",
    ],
  },
};
