/** Starts shells: finds the program, prepares the bootstrap, and starts without the person's file where that ends it. */
import { randomBytes } from "node:crypto";
import type { Log } from "../ports/log.ts";
import type { CommandRecord } from "./command-record.ts";
import { markVariable } from "./process-control.ts";
import type { PrivateFolder, ProcessTable, PtySize, PtySpawner } from "./pty.ts";
import { PtySession, type ShellBootstrap } from "./pty-session.ts";
import { dialectOf } from "./shells/index.ts";
import type { ShellDialect } from "./shells/shell-dialect.ts";
import { waitFor } from "./wait-for.ts";

/** How long the start of a terminal waits for its first prompt; after that it counts as busy with its startup files. */
export const startupWaitMs = 3000;

/** When it is looked at whether the startup file has put another program in the place of the shell. */
const replacedCheckMs = 1000;
/** A shell without markers has most likely started by then, if it prints nothing. */
const firstOutputMs = 300;

export interface ShellRequest {
  readonly shell: string;
  readonly cwd: string;
  readonly size: PtySize;
  readonly ordinal: number;
}

export interface ShellCallbacks {
  readonly newCommandId: () => string;
  readonly onChange: (session: PtySession) => void;
  readonly onUnclaimed: (session: PtySession, text: string) => void;
  readonly onCommand: (session: PtySession, record: CommandRecord) => void;
  readonly onPersonCommand: (record: CommandRecord) => void;
}

export type LaunchResult =
  /** `remark`: how it differs from what was asked for. */
  | { readonly kind: "launched"; readonly session: PtySession; readonly remark?: string }
  | { readonly kind: "failed"; readonly message: string };

export interface ShellLauncherOptions {
  readonly spawner: PtySpawner;
  readonly processes: ProcessTable;
  readonly folder: PrivateFolder;
  /** Begins the mark of every shell: by it, what a shell has left behind is found when this process is gone. */
  readonly markPrefix: string;
  /** Of a shell that is started now. */
  readonly env: () => Readonly<Record<string, string>>;
  readonly log: Log;
}

export class ShellLauncher {
  readonly #options: ShellLauncherOptions;
  #count = 0;

  constructor(options: ShellLauncherOptions) {
    this.#options = options;
  }

  async launch(request: ShellRequest, callbacks: ShellCallbacks): Promise<LaunchResult> {
    const first = await this.#spawn(request, callbacks, { loadPersonal: true });
    if (first.kind === "failed") return first;
    const { session } = first;
    await waitFor(session.ready, { timeoutMs: session.marked ? replacedCheckMs : firstOutputMs });
    if (session.starting && session.exit === null) {
      await session.checkMarkers();
      await waitFor(session.ready, { timeoutMs: startupWaitMs - replacedCheckMs });
      session.checkHeard();
    }
    if (session.exit === null || !session.starting) return first;
    // The person's startup file ended the shell, as it would end theirs. An agent still needs one.
    const second = await this.#spawn(request, callbacks, { loadPersonal: false });
    if (second.kind === "failed") return second;
    const how = session.exit.exitCode === null ? "by a signal" : `with exit code ${session.exit.exitCode}`;
    const startupFile = dialectOf(request.shell)?.startupFile ?? "the startup file";
    const remark = `${startupFile} ended the shell ${how}; started without it`;
    second.session.announce(`[CodePilot: ${remark}]`);
    return { ...second, remark };
  }

  close(): Promise<void> {
    return this.#options.folder.remove();
  }

  async #spawn(
    { shell, cwd, size, ordinal }: ShellRequest,
    callbacks: ShellCallbacks,
    { loadPersonal }: { loadPersonal: boolean },
  ): Promise<LaunchResult> {
    const { spawner, processes, folder, markPrefix, log } = this.#options;
    const env = this.#options.env();
    const file = await spawner.findShell(shell, env.PATH);
    if (file === null) {
      return {
        kind: "failed",
        message: `There is no shell ${shell} on this machine. Use bash or sh, or give the full path of a shell.`,
      };
    }
    const dialect = dialectOf(file);
    let prepared: { args: readonly string[]; env?: Readonly<Record<string, string>> } = { args: [] };
    let bootstrap: ShellBootstrap | null = null;
    try {
      if (dialect !== null) {
        const made = await this.#prepare(dialect, env, loadPersonal);
        prepared = made.prepared;
        bootstrap = made.bootstrap;
      }
    } catch (error) {
      log.error("the files of a shell could not be written", error);
      return {
        kind: "failed",
        message: "The temporary folder can not be written. Free space there or set TMPDIR, then try again.",
      };
    }
    const mark = markPrefix + randomBytes(6).toString("hex");
    const spawned = await spawner.spawn({
      file,
      args: prepared.args,
      cwd,
      env: { ...env, ...prepared.env, [markVariable]: mark },
      ...size,
    });
    if (spawned.kind === "failed") return spawned;
    const session: PtySession = new PtySession({
      pty: spawned.pty,
      size,
      bootstrap,
      folder,
      processes,
      mark,
      cwd,
      ordinal,
      newCommandId: callbacks.newCommandId,
      onChange: () => callbacks.onChange(session),
      onUnclaimed: (text) => callbacks.onUnclaimed(session, text),
      onCommand: (record) => callbacks.onCommand(session, record),
      onPersonCommand: callbacks.onPersonCommand,
    });
    return { kind: "launched", session };
  }

  async #prepare(dialect: ShellDialect, env: Readonly<Record<string, string>>, loadPersonal: boolean) {
    const { folder } = this.#options;
    const key = randomBytes(12).toString("hex");
    // Every shell has a folder of its own: zsh looks for a file of a given name.
    const place = `shell-${++this.#count}`;
    const commandFileName = `${place}/command`;
    const commandFile = await folder.write(commandFileName, "");
    const lineFeedFileName = `${place}/line-feeds`;
    const lineFeedFile = await folder.pathOf(lineFeedFileName);
    const write = (name: string, content: string) => folder.write(`${place}/${name}`, content);
    const prepared = await dialect.prepare({ key, commandFile, lineFeedFile, loadPersonal, env, write });
    const { commandLineMark } = prepared;
    const { keys, heardFirst, restoresLineFeeds } = dialect;
    const bootstrap: ShellBootstrap = {
      key,
      keys,
      heardFirst,
      commandFileName,
      lineFeedFileName: restoresLineFeeds ? lineFeedFileName : null,
      commandLineMark,
    };
    return { prepared, bootstrap };
  }
}
