/**
 * `npm start`: builds, fetches code-server on the first run, and serves it on 127.0.0.1 with the extension and a copy
 * of the sample workspace. Ctrl-C ends all of it but the agent's terminals, which outlive any window. Works without
 * any key: the demo model needs none.
 *   npm start [-- --port N] [-- --folder DIR]
 */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startCodeServer } from "../test/support/host/code-server.ts";
import { build } from "./build.ts";
import { ensureCodeServer } from "./code-server.ts";
import { cacheFolder, fromRoot } from "./paths.ts";
import { PlainFailure, runMain, say } from "./progress.ts";

const FIRST_PORT = 8137;
const OLLAMA = "http://127.0.0.1:11434";

await runMain(async () => {
  const { values } = parseArgs({ options: { port: { type: "string" }, folder: { type: "string" } } });
  const built = await build();
  if (built.failed > 0) throw new PlainFailure("The build failed, so there is nothing to start.");
  await ensureCodeServer();

  const port = values.port ? Number(values.port) : await firstFreePort();
  // A folder for each port: a browser keeps a window's state by address too, and two windows may run side by side.
  const dir = join(cacheFolder(), `window-${port}`);
  const workspace = values.folder ? resolve(values.folder) : freshSampleWorkspace(dir);
  const model = await modelSource();
  // Each start has clean settings: what an earlier one wrote (an Ollama that is gone) must not linger.
  for (const scope of ["User", "Machine"]) rmSync(join(dir, "data", scope, "settings.json"), { force: true });
  const server = await startCodeServer({
    workspace,
    dir,
    port,
    settings: { "git.enabled": true, ...model.settings },
  });
  const interrupted = new Promise<number>((done) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => done(0));
  });
  say("");
  say(`  Open       http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`);
  say(`  Workspace  ${workspace}`);
  say(`  Model      ${model.label}`);
  say("  Ctrl-C stops it.");
  const code = await Promise.race([interrupted, server.exited.then((ended) => ended || 1)]);
  await server.stop();
  say("Stopped.");
  return code;
});

/** The sample with its bug back in place; whatever else lies in the folder stays. */
function freshSampleWorkspace(dir: string): string {
  const workspace = join(dir, "corner-shop");
  mkdirSync(workspace, { recursive: true });
  cpSync(fromRoot("test/fixtures/sample-workspace"), workspace, { recursive: true });
  return workspace;
}

interface ModelSource {
  label: string;
  settings: Record<string, unknown>;
}

/** The extension sees the same environment and decides by itself; this says what to expect, and points it to Ollama. */
async function modelSource(): Promise<ModelSource> {
  const { ANTHROPIC_API_KEY, OPENAI_API_KEY } = process.env;
  if (ANTHROPIC_API_KEY) return { label: "Anthropic (ANTHROPIC_API_KEY)", settings: {} };
  if (OPENAI_API_KEY) return { label: "OpenAI (OPENAI_API_KEY)", settings: {} };
  const name = await firstOllamaModel();
  if (name) {
    const settings = {
      "codepilot.model": `openai-chat/${name}`,
      "codepilot.baseUrl": { "openai-chat": `${OLLAMA}/v1` },
    };
    return { label: `Ollama: ${name}`, settings };
  }
  return {
    label:
      "demo, a scripted model over real tools (for another set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start Ollama)",
    settings: {},
  };
}

async function firstOllamaModel(): Promise<string | undefined> {
  try {
    const response = await fetch(`${OLLAMA}/api/tags`, { signal: AbortSignal.timeout(500) });
    const { models } = (await response.json()) as { models?: { name?: string }[] };
    return models?.[0]?.name;
  } catch {
    return undefined;
  }
}

async function firstFreePort(): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + 100; port++) if (await isFree(port)) return port;
  throw new PlainFailure(`No free port between ${FIRST_PORT} and ${FIRST_PORT + 99}; name one with --port.`);
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((done) => {
    probe.once("error", () => done(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
  });
}
