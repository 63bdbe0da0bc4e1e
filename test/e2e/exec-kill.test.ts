/**
 * kill -9 of `exec` at random instants: what `--json` has shown is in the journal, and a resume finishes the task
 * with every effect exactly once. The model is scripted like a careful one: told that a command was interrupted, it
 * looks before it repeats it.
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentEvent, isDurable } from "../../src/protocol/events.ts";
import { decodeJournal } from "../../src/protocol/journal.ts";
import { reduceAll } from "../../src/protocol/reduce.ts";
import {
  type FakeModelServer,
  type FakeReply,
  type FakeRequest,
  startFakeModel,
} from "../support/fake-model/server.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { runExec } from "../support/run-exec.ts";

const KILLS = 20;
const COMMANDS = ["one", "two"];

interface Wire {
  readonly type: string;
  readonly name?: string;
  readonly call_id?: string;
  readonly arguments?: string;
  readonly output?: string;
}

/** Decides by what the conversation says has happened, like a model does. */
function careful({ body, index }: FakeRequest): FakeReply {
  const input = body.input as Wire[];
  const calls = new Map(input.filter((item) => item.type === "function_call").map((item) => [item.call_id, item]));
  const results = input
    .filter((item) => item.type === "function_call_output")
    .map((item) => ({ call: calls.get(item.call_id), output: item.output ?? "" }));
  const call = (name: string, args: object): FakeReply => ({
    parts: [{ text: `Step ${results.length}: ${name}.` }, { toolCall: { name, arguments: args, id: `call_${index}` } }],
    delayMs: 5,
    chunkSize: 200,
    chunkDelayMs: 1,
  });
  const done = (needle: string) =>
    results.some(
      ({ call: made, output }) =>
        made?.arguments?.includes(needle) &&
        /completed|written|created/i.test(output) &&
        !/restarted while/.test(output),
    );
  const last = results.at(-1);
  if (last && /restarted while this command ran/.test(last.output)) return call("read_file", { path: "effects.log" });
  for (const word of COMMANDS) {
    const seen = results.some(
      ({ call: made, output }) => made?.name === "read_file" && output.includes(`effect ${word}`),
    );
    if (done(`effect ${word}`) || seen) continue;
    return call("execute", { command: `sleep 0.05; echo effect ${word} >> effects.log; sleep 0.05` });
  }
  if (!results.some(({ call: made }) => made?.name === "write_file")) {
    return call("write_file", { path: "made.txt", mode: "w", content: "made once\n" });
  }
  if (!results.some(({ call: made, output }) => made?.name === "read_file" && output.includes("made once"))) {
    return call("read_file", { path: "made.txt" });
  }
  return { parts: [{ text: "Everything is done." }] };
}

async function readJournal(home: string): Promise<readonly AgentEvent[]> {
  const root = join(home, "codepilot", "sessions");
  for (const workspace of await readdir(root).catch(() => [])) {
    for (const name of await readdir(join(root, workspace))) {
      if (name.endsWith(".jsonl")) return decodeJournal(await readFile(join(root, workspace, name))).events;
    }
  }
  return [];
}

/** How long an undisturbed run takes on this machine, now: kills are spread over that. */
async function timeWholeRun(fake: FakeModelServer): Promise<{ firstEventMs: number; totalMs: number }> {
  const cwd = await mkdtemp(join(tmpdir(), "codepilot-kill-"));
  const home = await mkdtemp(join(tmpdir(), "codepilot-home-"));
  let firstEventMs = 0;
  const startedAt = performance.now();
  const result = await runExec({
    args: ["--model", "openai/fake", "--base-url", fake.baseUrl("openai"), "--yes", "--json", "make everything"],
    cwd,
    home,
    onOutput: () => {
      firstEventMs ||= performance.now() - startedAt;
    },
  });
  assert.equal(result.code, 0, result.stderr);
  const totalMs = performance.now() - startedAt;
  await removeFolder(cwd);
  await removeFolder(home);
  return { firstEventMs, totalMs };
}

describe("kill -9 of exec", function () {
  this.timeout(180_000);

  it(`loses nothing and repeats nothing at ${KILLS} random instants`, async () => {
    const fake = await startFakeModel(careful);
    const arms = { beforeStart: 0, inTurn: 0, afterEnd: 0 };
    try {
      const { firstEventMs, totalMs } = await timeWholeRun(fake);
      for (let round = 0; round < KILLS; round += 1) {
        const cwd = await realpath(await mkdtemp(join(tmpdir(), "codepilot-kill-")));
        const home = await mkdtemp(join(tmpdir(), "codepilot-home-"));
        await writeFile(join(cwd, "effects.log"), "");
        const common = ["--model", "openai/fake", "--base-url", fake.baseUrl("openai"), "--yes", "--json"];
        // Spread over the whole run, with a random part so that no two runs of the suite cut at the same places.
        const killAtMs = firstEventMs + ((round + Math.random()) * (totalMs - firstEventMs)) / KILLS;
        const label = `round ${round}, killed after ${Math.round(killAtMs)} ms`;
        const killed = await runExec({
          args: [...common, "make everything"],
          cwd,
          home,
          onStart: (child) => setTimeout(() => child.kill("SIGKILL"), killAtMs),
        });
        const journal = await readJournal(home);
        const kept = new Map(journal.map((event) => [event.seq, event]));
        for (const event of killed.events.filter(isDurable)) assert.deepEqual(kept.get(event.seq), event, label);

        const open = reduceAll(journal).activeTurnId !== null;
        if (journal.length > 0 && open) {
          arms.inTurn += 1;
          const resumed = await runExec({ args: [...common, "--resume"], cwd, home });
          assert.equal(resumed.code, 0, `${label}\n${resumed.stderr}\n${resumed.stdout}`);
        } else {
          arms[killed.code === 0 ? "afterEnd" : "beforeStart"] += 1;
          if (!reduceAll(journal).turns.length) {
            await runExec({ args: [...common, "make everything"], cwd, home });
          }
        }
        assert.equal(await readFile(join(cwd, "effects.log"), "utf8"), "effect one\neffect two\n", label);
        assert.equal(await readFile(join(cwd, "made.txt"), "utf8"), "made once\n", label);
        const ends = (await readJournal(home))
          .filter((event) => event.type === "tool.finished")
          .map((event) => event.callId);
        assert.equal(new Set(ends).size, ends.length, `${label}: a call ended twice`);
        await removeFolder(cwd);
        await removeFolder(home);
      }
      assert.ok(arms.inTurn >= KILLS / 3, `most kills should hit a running turn: ${JSON.stringify(arms)}`);
    } finally {
      await fake.close();
    }
  });
});
