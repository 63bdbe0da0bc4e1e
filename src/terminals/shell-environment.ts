/** The environment of the shells: what the person's own has, without our secrets and the editor's internals. */

/** Names removed unless the person keeps them. Case does not matter. */
const secretNames: readonly RegExp[] = [
  /(^|_)APIKEY(_?\d+)?$/,
  /_KEY(_?\d+)?$/,
  /(^|_)TOKEN(_?\d+)?$/,
  /(^|_)SECRET$/,
  /_PAT$/,
  // The path of a file with one is none.
  /(PASSWORD|PASSWD|PASSPHRASE)(?!.*_(FILE|PATH|DIR)$)/,
];

/** What the editor tells its own children: with these a `node` or `code` in the terminal would misbehave. */
const editorNames: readonly RegExp[] = [
  /^ELECTRON_/,
  /^VSCODE_/,
  /^CODE_SERVER_/,
  /^(CHROME_DESKTOP|ORIGINAL_XDG_CURRENT_DESKTOP|GDK_BACKEND_ORIGINAL)$/,
  /^APPLICATION_INSIGHTS_NO_DIAGNOSTIC_CHANNEL$/,
];

/** What describes another terminal than ours. */
const terminalNames =
  /^(TMUX|TMUX_PANE|STY|WINDOW|WINDOWID|TERMCAP|COLUMNS|LINES|TERM_SESSION_ID|PROMPT_COMMAND|PS0|PS1)$/;

/** Editor bridges that a person at the shell needs: `code`, and git asking the editor for credentials. */
const keptEditorNames = /^VSCODE_GIT_ASKPASS_|^VSCODE_GIT_IPC_HANDLE$|^VSCODE_IPC_HOOK_CLI$/;

export interface ShellEnvironmentOptions {
  /** Names that stay although they look like secrets. */
  readonly keep?: readonly string[];
  /** Names that are secrets whatever they look like, unless they are kept. */
  readonly secrets?: readonly string[];
  /** Added last, over everything else. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Whether the person's editor bridges (`code`, git credentials) stay. Default: no, they hold sockets of the window. */
  readonly keepEditorBridges?: boolean;
}

export function isSecretName(name: string): boolean {
  const upper = name.toUpperCase();
  return secretNames.some((pattern) => pattern.test(upper));
}

export function shellEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  { keep = [], secrets = [], extra = {}, keepEditorBridges = false }: ShellEnvironmentOptions = {},
): Record<string, string> {
  const environment: Record<string, string> = {};
  const known = new Set(secrets.map((name) => name.toUpperCase()));
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined || terminalNames.test(name)) continue;
    if (!keep.includes(name)) {
      if (known.has(name.toUpperCase()) || isSecretName(name)) continue;
      const bridge = keepEditorBridges && keptEditorNames.test(name);
      if (!bridge && editorNames.some((pattern) => pattern.test(name))) continue;
    }
    environment[name] = value;
  }
  // Options injected by the editor or a debugger (`--inspect`, `--require …/bootloader.js`) are not the person's.
  if (/--inspect|--require|-r |--import|bootloader|--experimental-network/.test(environment.NODE_OPTIONS ?? "")) {
    delete environment.NODE_OPTIONS;
  }
  return {
    ...environment,
    TERM: "xterm-256color",
    COLORTERM: "truecolor",
    TERM_PROGRAM: "codepilot",
    CODEPILOT: "1",
    ...extra,
  };
}
