/**
 * The floor: the least an agent on Node can cost. A loop over the official SDK, read and shell as its two tools,
 * no safety, no journal, no interface. What CodePilot takes beyond this is what its promises cost.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import OpenAI from "openai";

const run = promisify(execFile);
const client = new OpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "none", maxRetries: 0 });

// The list that CodePilot sends, though two of its tools are all there is here: how much a product tells its model is
// no overhead of a step, and the same bytes have to be written, sent and parsed on either side.
const tools = JSON.parse(await readFile(process.argv[3], "utf8"));

async function call(name, input) {
  if (name === "read_file") return readFile(input.path, "utf8");
  const { stdout } = await run("bash", ["-c", input.command], { maxBuffer: 1 << 30 });
  return stdout.slice(0, 40_000);
}

const history = [{ role: "user", content: process.argv[2] ?? "go" }];
let answer = "";
for (;;) {
  const stream = await client.responses.create({
    model: "fake",
    instructions: "You are a coding agent.",
    input: history,
    tools,
    stream: true,
    store: false,
  });
  const calls = [];
  answer = "";
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") answer += event.delta;
    if (event.type === "response.output_item.done") {
      history.push(event.item);
      if (event.item.type === "function_call") calls.push(event.item);
    }
  }
  if (calls.length === 0) break;
  for (const { call_id, name, arguments: json } of calls) {
    history.push({ type: "function_call_output", call_id, output: await call(name, JSON.parse(json)) });
  }
}
process.stdout.write(`${answer.length}\n`);
