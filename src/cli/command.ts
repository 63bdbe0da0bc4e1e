/** The `codepilot` command: reads the command line and loads no more than the command needs. */
import { enableCompileCache } from "node:module";
import { Command, CommanderError } from "commander";
import { AppError, messageOf } from "../base/app-error.ts";
import { PRODUCT_VERSION } from "../embed/product-version.ts";
import { compileCacheFolder } from "../node/compile-cache.ts";
import { EXIT } from "./exit-codes.ts";
import { printable } from "./printable.ts";

// Code that was compiled by an earlier run is not compiled again: half of a cold start.
const compiled = await compileCacheFolder();
if (compiled !== undefined) enableCompileCache(compiled);

function program(setExit: (code: number) => void): Command {
  const root = new Command("codepilot")
    .description("A coding agent: every effect asked for, every session kept.")
    .version(PRODUCT_VERSION)
    .exitOverride();
  root
    .command("exec")
    .description("run one task to its end; the task also from standard input")
    .argument("[task...]", "what to do")
    .option("-C, --cwd <dir>", "working directory")
    .option("--agent <file>", "agent file (agent.yaml)")
    .option("--model <provider/name>", "openai, openai-chat, anthropic, alibaba or demo, and the model's name")
    .option("--base-url <url>", "endpoint of the provider")
    .option("--interface <kind>", "tools, python or javascript")
    .option("--dialect <name>", "codepilot or codex")
    .option("--approval <policy>", "untrusted (default), on-request, on-failure or never")
    .option("--sandbox <mode>", "read-only, workspace-write or danger-full-access")
    .option("--yes", "allow every permission request")
    .option("--max-steps <n>", "end the turn after n model responses")
    .option("--store <store>", "memory, file (default), sqlite:PATH or postgres://…")
    .option("--session <id>", "name for the new session")
    .option("--resume [id]", "go on with a session, the newest one without an id")
    .option("--fork <id>", "start from a copy of a session")
    .option("--json", "one event a line on standard output and nothing else")
    .action(async (words: string[], options: unknown) => {
      const { readExecOptions } = await import("./exec-options.ts");
      const request = readExecOptions(words, options);
      const { exec } = await import("./exec.ts");
      setExit(await exec(request));
    });
  root
    .command("attach")
    .description("show a terminal of the agent here and type into it")
    .argument("[terminal]", "its name (default: main)")
    .option("-C, --cwd <dir>", "the workspace or a folder in it")
    .option("--session <id>", "the agent's session; default: the most recently active one")
    .option("--list", "list sessions and terminals instead")
    .option("--detach-keys <keys>", "keys that leave the terminal, such as ctrl-p,ctrl-q (default: ctrl-\\,d)")
    .action(async (terminal: string | undefined, options: unknown) => {
      const { readAttachOptions } = await import("./attach/attach-options.ts");
      const request = readAttachOptions(terminal, options);
      const { attach } = await import("./attach/attach.ts");
      setExit(await attach(request));
    });
  for (const [name, description] of [
    ["sessions", "list, show, export, import, delete and verify sessions"],
    ["doctor", "check the installation"],
  ] as const) {
    root
      .command(name)
      .description(`${description} (not yet)`)
      .argument("[arguments...]")
      .allowUnknownOption()
      .action(() => {
        throw new AppError("not-yet", `codepilot ${name}: not yet`, { next: "It is planned for a later version." });
      });
  }
  return root;
}

/** The exit code. */
export async function main(): Promise<number> {
  let code: number = EXIT.usage;
  try {
    await program((exit) => {
      code = exit;
    }).parseAsync();
    return code;
  } catch (error) {
    // Help and version end by an exception of exit code 0; usage errors have been printed already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.completed : EXIT.usage;
    const next = AppError.is(error) && error.next ? `\n  ${error.next}` : "";
    process.stderr.write(`codepilot: ${printable(`${messageOf(error)}${next}`)}\n`);
    if (!AppError.is(error)) process.stderr.write(`${error instanceof Error ? error.stack : ""}\n`);
    return AppError.is(error) && error.code !== "storage" ? EXIT.usage : EXIT.failed;
  }
}
