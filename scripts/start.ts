/**
 * `npm start`: builds, fetches code-server on the first run, and serves it on 127.0.0.1 with the extension and a copy
 * of the sample workspace. Ctrl-C ends everything. Works without any key: the demo model needs none.
 *   npm start [-- --port N] [-- --folder DIR]
 */
import { cpSync, mkdirSync } from "node:fs";
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
  const server = await startCodeServer({
    workspace,
    dir,
    port,
    env: model.env,
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
  env: Record<string, string>;
  settings: Record<string, unknown>;
}

/** The extension sees the same environment and decides the same; this is what to expect, and how Ollama is reached. */
async function modelSource(): Promise<ModelSource> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY } = process.env;
  if (OPENAI_API_KEY || OPENAI_BASE_URL) {
    return {
      label: `OpenAI${OPENAI_BASE_URL ? ` at ${OPENAI_BASE_URL}` : " (OPENAI_API_KEY)"}`,
      env: {},
      settings: {},
    };
  }
  if (ANTHROPIC_API_KEY) return { label: "Anthropic (ANTHROPIC_API_KEY)", env: {}, settings: {} };
  const name = await firstOllamaModel();
  if (name) {
    return {
      label: `Ollama, ${name}`,
      env: { OPENAI_BASE_URL: `${OLLAMA}/v1` },
      settings: { "codepilot.model": `openai-chat/${name}` },
    };
  }
  return {
    label: "demo: a scripted model over real tools (set OPENAI_API_KEY or ANTHROPIC_API_KEY for a real one)",
    env: {},
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
