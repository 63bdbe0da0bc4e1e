/** What the runtimes of a window get: its settings and keys, the editor's unsaved documents, its models and network. */
import * as vscode from "vscode";
import type { RuntimeOptions } from "../../embed/runtime-options.ts";
import { NodeFileSystem } from "../../node/files/node-file-system.ts";
import { DocumentFileSystem } from "../files/document-file-system.ts";
import type { Keys } from "../keys.ts";
import { VscodeModelClient } from "../language-model/vscode-model-client.ts";
import { chooseModel } from "../models/model-choice.ts";
import type { OutputLog } from "../output-log.ts";
import { readSettings } from "../settings.ts";
import { openFolders } from "../workspace-place.ts";
import { noFolder } from "./home-folder.ts";

export interface WindowRuntimeParts {
  readonly log: OutputLog;
  readonly keys: Keys;
}

/**
 * For a session that works in `cwd`; null: in the first open folder, for one that knows its own. Rejects with AppError
 * `usage` where no folder is open.
 */
export function windowRuntimeOptions({
  log,
  keys,
}: WindowRuntimeParts): (cwd: string | null) => Promise<RuntimeOptions> {
  const fileSystem = new DocumentFileSystem(new NodeFileSystem());
  const languageModels = new VscodeModelClient();
  return async (cwd) => {
    const folders = openFolders().map(({ path }) => path);
    const home = cwd ?? folders[0];
    if (home === undefined) throw noFolder();
    const settings = readSettings();
    const { baseUrl, approval, maxSteps, shell, keepEnvironment } = settings;
    const { model } = await chooseModel({
      wanted: settings.model,
      baseUrl,
      secrets: keys,
      environment: process.env,
    });
    return {
      cwd: home,
      folders: folders.filter((folder) => folder !== home),
      model,
      approval,
      interface: settings.interface,
      attended: true,
      home: settings.home,
      trusted: () => vscode.workspace.isTrusted,
      ...(maxSteps === undefined ? {} : { maxSteps }),
      ...(shell === undefined ? {} : { shell }),
      keepEnvironment,
      adapters: {
        fileSystem,
        secrets: keys,
        log,
        connection: (provider) => ({ baseUrl: readSettings().baseUrl[provider] }),
        modelClient: (provider) => (provider === "vscode" ? languageModels : undefined),
        // The editor's own, which its settings for proxies and certificates hold for.
        fetch: (input, init) => globalThis.fetch(input, init),
      },
    };
  };
}
