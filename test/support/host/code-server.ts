/**
 * A throw-away code-server (a complete VS Code) with the extension in it, for tests and for `npm start`.
 * It leads a process group of its own: `stop()` takes extension hosts, pty host and watchers down with it, and so
 * does the end of this process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../scripts/child-process.ts";
import { findCodeServer } from "../../../scripts/code-server.ts";
import { root } from "../../../scripts/paths.ts";
import { endPtyHosts } from "../end-pty-hosts.ts";

/** A quiet window: nothing opens by itself, nothing asks, and terminals are plain text in the page. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "window.commandCenter": false,
  "security.workspace.trust.enabled": false,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "telemetry.telemetryLevel": "off",
  "terminal.integrated.gpuAcceleration": "off",
  "git.enabled": false,
};

export interface CodeServerOptions {
  /** The folder the window opens. */
  workspace: string;
  /** The extension's folder (linked, not copied), or `false` for a window without it. Default: this checkout. */
  extension?: string | false;
  /** An existing extensions folder, such as one a VSIX was installed into; `extension` is then ignored. */
  extensionsDir?: string;
  /** Keeps user data, for a restart with the same state. Default: a temporary folder which `stop()` deletes. */
  dir?: string;
  /** Added to, or replacing entries of, `quietSettings`. */
  settings?: Record<string, unknown>;
  /** Environment of the server and its extension hosts; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /** More arguments for code-server. */
  args?: readonly string[];
  /** Secrets and state live in the browser under the origin: a restart test needs the same port. Default: a free one. */
  port?: number;
  /** `ask` keeps VS Code's question whether the folder is trusted. Default: trusted without asking. */
  trust?: "always" | "ask";
}

export interface CodeServer {
  readonly port: number;
  /** host:port, as in the page's address and in `vscode-remote://` addresses. */
  readonly authority: string;
  readonly pid: number;
  readonly dir: string;
  readonly dataDir: string;
  readonly extensionsDir: string;
  readonly workspace: string;
  /** What the server and its extension hosts printed so far. */
  log(): string;
  /** Resolves when the server ends by itself. */
  readonly exited: Promise<number>;
  /** Ends the whole process group, at most 5 s later by force. Safe to call twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** No gallery, hence no attempts to reach one. */
const NO_GALLERY = '{"serviceUrl":""}';
const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const installed = findCodeServer();
  const temporary = options.dir === undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "codepilot-window-"));
  const dataDir = join(dir, "data");
  const extensionsDir = options.extensionsDir ?? join(dir, "extensions");
  const trust = options.trust ?? "always";
  mkdirSync(extensionsDir, { recursive: true });
  if (options.extensionsDir === undefined && options.extension !== false) {
    linkExtension(options.extension ?? root, extensionsDir);
  }
  writeSettings(dataDir, options.settings, trust);
  // A configuration file of its own keeps the server out of the home folder.
  const config = join(dir, "config.yaml");
  writeFileSync(config, "auth: none\n");

  const port = options.port ?? (await freePort());
  const logFile = join(dir, "server.log");
  const log = openSync(logFile, "a");
  const child = spawn(
    installed.node,
    [
      installed.entry,
      ...["--config", config, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`],
      ...["--user-data-dir", dataDir, "--extensions-dir", extensionsDir],
      ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"],
      ...(trust === "always" ? ["--disable-workspace-trust"] : []),
      ...(options.args ?? []),
      options.workspace,
    ],
    {
      // The terminals of a window for once end with it.
      env: serverEnvironment({ ...(temporary ? { XDG_RUNTIME_DIR: dir } : {}), ...options.env }),
      stdio: ["ignore", log, log],
      detached: true,
    },
  );
  closeSync(log);
  const exited = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (code) => resolve(code ?? -1));
  });
  const killNow = (): void => signalGroup(child, "SIGKILL");
  process.once("exit", killNow);

  const stop = async (): Promise<void> => {
    process.removeListener("exit", killNow);
    signalGroup(child, "SIGTERM");
    await Promise.race([exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    // Also after an orderly end: a member of the group may have outlived its leader.
    signalGroup(child, "SIGKILL");
    if (!temporary) return;
    await endPtyHosts(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  const server: CodeServer = {
    port,
    authority: `127.0.0.1:${port}`,
    pid: child.pid ?? -1,
    dir,
    dataDir,
    extensionsDir,
    workspace: options.workspace,
    log: () => readFileSync(logFile, "utf8"),
    exited,
    stop,
    [Symbol.asyncDispose]: stop,
  };
  await untilReady(server);
  return server;
}

async function untilReady(server: CodeServer): Promise<void> {
  const limit = Date.now() + READY_LIMIT_MS;
  let ended: number | undefined;
  void server.exited.then((code) => {
    ended = code;
  });
  while (Date.now() < limit) {
    if (ended !== undefined) break;
    const response = await fetch(`http://${server.authority}/healthz`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  const log = server.log().slice(-3000);
  await server.stop();
  throw new Error(`code-server ${ended === undefined ? "was not ready in 60 s" : `ended with ${ended}`}:\n${log}`);
}

/**
 * In a folder that was used before, what was set there stays. A remote window, which this is, takes settings of scope
 * `machine` from a file of their own and ignores them in the person's.
 */
function writeSettings(dataDir: string, wanted: CodeServerOptions["settings"] = {}, trust: "always" | "ask"): void {
  const entries = Object.entries(wanted);
  const user = { ...quietSettings, ...Object.fromEntries(entries.filter(([key]) => !isMachineSetting(key))) };
  const machine = Object.fromEntries(entries.filter(([key]) => isMachineSetting(key)));
  if (trust === "ask") delete user["security.workspace.trust.enabled"];
  for (const [folder, settings] of Object.entries({ User: user, Machine: machine })) {
    const file = join(dataDir, folder, "settings.json");
    mkdirSync(join(dataDir, folder), { recursive: true });
    writeFileSync(file, JSON.stringify({ ...readSettings(file), ...settings }, null, 2));
  }
}

function readSettings(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // None yet, or edited by hand to hold comments: start from ours.
    return {};
  }
}

function isMachineSetting(key: string): boolean {
  const { contributes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return String(contributes?.configuration?.properties?.[key]?.scope).startsWith("machine");
}

function serverEnvironment(extra: CodeServerOptions["env"] = {}): NodeJS.ProcessEnv {
  const { HOME, ...inherited } = process.env;
  return {
    EXTENSIONS_GALLERY: NO_GALLERY,
    ...inherited,
    ...(HOME ? { HOME } : {}),
    ...extra,
  };
}

/**
 * Installs a VSIX as a person would and returns the extensions folder, for `startCodeServer({ extensionsDir })`.
 * The only way to see a file that the package lacks.
 */
export async function installVsix(vsix: string, dir: string): Promise<string> {
  const { entry, node } = findCodeServer();
  const extensionsDir = join(dir, "extensions");
  mkdirSync(dir, { recursive: true });
  const config = join(dir, "config.yaml");
  writeFileSync(config, "auth: none\n");
  const folders = ["--config", config, "--user-data-dir", join(dir, "data"), "--extensions-dir", extensionsDir];
  const { code, output } = await run(node, [entry, ...folders, "--install-extension", vsix, "--force"], {
    env: { EXTENSIONS_GALLERY: NO_GALLERY },
    output: "keep",
    timeLimitMs: 60_000,
  });
  if (code !== 0) throw new Error(`installing ${vsix} ended with ${code}:\n${output}`);
  return extensionsDir;
}

/** VS Code takes a link named publisher.name-version, as long as no extensions.json lies beside it already. */
export function linkExtension(extension: string, extensionsDir: string): void {
  const { publisher, name, version } = JSON.parse(readFileSync(join(extension, "package.json"), "utf8"));
  const link = join(extensionsDir, `${publisher}.${name}-${version}`);
  if (!existsSync(link)) symlinkSync(extension, link, "dir");
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
}
