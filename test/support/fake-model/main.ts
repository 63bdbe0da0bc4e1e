/**
 * The fake model as a process: `node scripts/node.mjs test/support/fake-model/main.ts [--port N] [--log] [SCRIPT]`.
 * SCRIPT is a JSON file with a list of replies, or a TypeScript file that exports `script` (a list or a function);
 * without one it echoes what the person said. Prints its URL as the first line; `--log` prints each request after it.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type FakeScript, startFakeModel } from "./server.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: "string" }, log: { type: "boolean" } },
});

const echo: FakeScript = ({ body, index }) => ({
  parts: [{ text: `Reply ${index + 1}. You sent ${JSON.stringify(body.input ?? body.messages).length} characters.` }],
});

async function loadScript(file: string | undefined): Promise<FakeScript> {
  if (file === undefined) return echo;
  if (file.endsWith(".json")) return JSON.parse(await readFile(file, "utf8"));
  return (await import(pathToFileURL(resolve(file)).href)).script;
}

const server = await startFakeModel(await loadScript(positionals[0]), {
  port: Number(values.port ?? 0),
  onRequest: ({ format, text }) => {
    if (values.log) console.log(`${format} ${text}`);
  },
});
console.log(server.url);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
