/** What the panel can ask of the window besides talking to a session. */
import * as vscode from "vscode";
import type { CommandId } from "../contributions.ts";
import { type BeforeImages, openDiff, openFile, openLink } from "../open-documents.ts";
import type { OutputLog } from "../output-log.ts";
import type { HomeFolder } from "../sessions/home-folder.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import type { AgentTerminals } from "../terminals/agent-terminals.ts";
import { openFolders } from "../workspace-place.ts";
import type { PanelActions } from "./view-bridge.ts";

export interface PanelActionParts extends Pick<PanelActions, "pickModel" | "setKey" | "startTask"> {
  readonly hub: SessionHub;
  readonly home: HomeFolder;
  readonly terminals: AgentTerminals;
  readonly images: BeforeImages;
  readonly log: OutputLog;
}

export function panelActions(parts: PanelActionParts): PanelActions {
  const { hub, home, terminals, images, log, pickModel, setKey, startTask } = parts;
  const run = async (id: CommandId) => vscode.commands.executeCommand(id);
  /** Where a relative path of the session may lead: its own folder first. */
  const rootsOf = (session: LiveSession | null): string[] => {
    const own = session?.runtime.state.cwd ?? home.current?.path;
    const open = openFolders().map(({ path }) => path);
    return [...new Set(own === undefined ? open : [own, ...open])];
  };
  return {
    newSession: () => hub.showNone(),
    openSession: (sessionId) => hub.open(sessionId),
    pickSession: () => run("codepilot.showSessions"),
    pickModel,
    pickFolder: () => home.choose(),
    setKey,
    startTask,
    openFile: (session, path, line) => openFile(path, line, rootsOf(session)),
    openDiff: (session, callId) => openDiff(images, session, callId),
    openTerminal: (session, name) => terminals.open(session, name, { preserveFocus: true }),
    openLink: (session, href) => openLink(href, rootsOf(session)),
    openSettings: () => run("codepilot.openSettings"),
    openLog: () => log.show(),
  };
}
