/** `codepilot exec` as a script sees it: output, exit codes, and what it says when something is wrong. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  errorReply,
  type FakeModelServer,
  type FakeReply,
  type FakeScript,
  startFakeModel,
} from "../support/fake-model/server.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { type ExecOptions, runCodepilot, runExec } from "../support/run-exec.ts";
import { eventually } from "../support/terminals.ts";

const say = (text: string): FakeReply => ({ parts: [{ text }] });
const call = (name: string, args: object): FakeReply => ({ parts: [{ toolCall: { name, arguments: args } }] });

describe("codepilot exec", function () {
  this.timeout(120_000);
  let folder: string;
  let cwd: string;
  let home: string;
  let fake: FakeModelServer;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "codepilot-exec-")));
    cwd = join(folder, "work");
    home = join(folder, "home");
    await mkdir(cwd);
    await mkdir(home);
    fake = await startFakeModel([]);
  });
  afterEach(async () => {
    await fake.close();
    await removeFolder(folder);
  });

  const run = (
    script: FakeScript,
    args: readonly string[],
    more: Partial<Pick<ExecOptions, "input" | "env" | "onStart" | "onOutput">> = {},
  ) => {
    fake.setScript(script);
    return runExec({
      args: ["--model", "openai/fake", "--base-url", fake.baseUrl("openai"), ...args],
      cwd,
      home,
      ...more,
    });
  };
  const newestInput = (): unknown[] => fake.requests.at(-1)?.body.input ?? [];
  /** The text of the newest tool result that the model was sent. */
  const lastResult = () =>
    (newestInput() as { type: string; output?: string }[]).findLast((item) => item.type === "function_call_output")
      ?.output ?? "";

  it("prints the answer on standard output and everything else on standard error", async () => {
    await writeFile(join(cwd, "a.txt"), "hello\n");
    const result = await run([call("read_file", { path: "a.txt" }), say("It says hello.")], ["what", "is in a.txt?"]);
    assert.equal(result.code, 0);
    assert.equal(result.stdout, "It says hello.\n");
    assert.match(result.stderr, /✓ Read a\.txt/);
  });

  it("prints one event a line and nothing else with --json", async () => {
    const result = await run([say("Hi.")], ["--json", "hello"]);
    const lines = result.stdout.trim().split("\n");
    assert.equal(lines.length, result.events.length);
    assert.equal(result.events[0]?.type, "session.opened");
    assert.equal(result.events.at(-1)?.type, "session.closed");
    assert.deepEqual(
      result.events.map((event) => event.seq),
      result.events.map((_, index) => index + 1),
    );
    assert.equal(result.stderr, "");
  });

  it("refuses what is no task on standard input: too much of it, and what is not text", async () => {
    const long = await run([], [], { input: "long ".repeat(2_000_001) });
    assert.equal(long.code, 2);
    assert.match(long.stderr, /^codepilot: standard input is longer than 10 MB, .*\n {2}Write the task .*\n$/);
    const binary = await run([], [], { input: "ELF\0\0" });
    assert.equal(binary.code, 2);
    assert.match(binary.stderr, /^codepilot: standard input is not text, .*\n {2}Write the task .*\n$/);
    assert.equal(fake.requests.length, 0);
  });

  it("is stopped although nobody reads what it printed", async () => {
    const isClosed = async () => {
      const names = await readdir(join(home, "codepilot"), { recursive: true }).catch(() => []);
      const journal = names.find((name) => name.endsWith(".jsonl"));
      if (journal === undefined) return false;
      return (await readFile(join(home, "codepilot", journal), "utf8")).includes('"session.closed"');
    };
    const reading = run([{ parts: [{ text: "many words ".repeat(200_000) }], deltaSize: 1_000 }], ["--json", "talk"], {
      onOutput: (child) => child.exitCode ?? child.signalCode ?? child.stdout?.pause(),
      onStart: (child) => {
        child.once("exit", () => child.stdout?.resume());
        // The turn is over by then, and all that is left is to be read.
        void eventually("the session is closed", isClosed).then(() => child.kill("SIGINT"));
      },
    });
    assert.equal((await reading).code, 130);
  });

  it("takes the task from standard input, and needs one", async () => {
    const piped = await run([say("ok")], [], { input: "from a pipe\n" });
    assert.equal(piped.code, 0);
    assert.equal(fake.requests[0]?.body.input[0].content, "from a pipe");
    const empty = await run([], [], { input: "  \n" });
    assert.equal(empty.code, 2);
    assert.match(empty.stderr, /no task/);
  });

  it("refuses what nobody allows, tells the model, and goes on", async () => {
    const result = await run([call("execute", { command: "touch made" }), say("I was not allowed.")], ["go"]);
    assert.equal(result.code, 0);
    assert.match(lastResult(), /nobody is there to give permission/);
    await assert.rejects(readFile(join(cwd, "made")));
  });

  it("asks nobody with --approval never, and --yes does not widen it", async () => {
    const result = await run(
      [call("execute", { command: "touch made" }), say("ok")],
      ["--approval", "never", "--yes", "--json", "go"],
    );
    assert.equal(result.code, 0);
    assert.ok(!result.events.some((event) => event.type === "permission.asked"));
    assert.match(lastResult(), /never/);
  });

  it("ends with 3 when a question finds nobody, even with --yes", async () => {
    const result = await run([call("ask_user", { question: "Which one?" })], ["--yes", "go"]);
    assert.equal(result.code, 3);
    assert.match(result.stderr, /nobody was there to answer/);
  });

  it("ends with 1 at --max-steps", async () => {
    const script: FakeScript = ({ index }) => call("read_file", { path: `${index}.txt` });
    const result = await run(script, ["--max-steps", "3", "go"]);
    assert.equal(result.code, 1);
    assert.equal(fake.requests.length, 3);
    assert.match(result.stderr, /limit of 3 steps/);
  });

  it("stops on Ctrl-C within a second, in a stream and in a command, with 130", async () => {
    for (const [script, sign] of [
      [[{ ...say("word ".repeat(200)), chunkSize: 60, chunkDelayMs: 30 }], '"text.delta"'],
      [[call("execute", { command: "sleep 60", timeout: 60 })], '"tool.started"'],
    ] as const) {
      fake.setScript(script);
      let stoppedAt = 0;
      const result = await runExec({
        args: ["--model", "openai/fake", "--base-url", fake.baseUrl("openai"), "--yes", "--json", "go"],
        cwd,
        home,
        onOutput: (child, text) => {
          if (stoppedAt > 0 || !text.includes(sign)) return;
          stoppedAt = Date.now();
          child.kill("SIGINT");
        },
      });
      assert.equal(result.code, 130, result.stderr);
      const finished = result.events.find((event) => event.type === "turn.finished");
      assert.equal(finished?.type === "turn.finished" && finished.reason, "interrupted");
      assert.ok((finished?.at ?? 0) - stoppedAt < 1000, `took ${(finished?.at ?? 0) - stoppedAt} ms`);
    }
  });

  it("names sessions, resumes the newest and adds a turn", async () => {
    assert.equal((await run([say("one")], ["--session", "mine", "first"])).code, 0);
    const twice = await run([], ["--session", "mine", "again"]);
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /already exists/);
    const more = await run([say("two")], ["--resume", "mine", "second"]);
    assert.equal(more.stdout, "two\n");
    assert.deepEqual(
      (newestInput() as { content: string }[]).map((item) => item.content),
      ["first", "one", "second"],
    );
    const nothing = await run([], ["--resume", "mine"]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /no interrupted turn/);
    const unknown = await run([], ["--resume", "ses_nope", "x"]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /there is no session ses_nope/);
  });

  it("reads an agent file, whose folder wins over -C", async () => {
    await mkdir(join(cwd, "inner"));
    await writeFile(join(cwd, "inner", "x.txt"), "inside\n");
    const agent = `interface: tools\nmodel:\n  provider: openai\n  name: fake\n  base_url: ${fake.baseUrl("openai")}\nruntime:\n  work_dir: inner\n  max_steps: 5\ntools:\n  - name: read_file\n`;
    await writeFile(join(cwd, "agent.yaml"), agent);
    fake.setScript([call("read_file", { path: "x.txt" }), say("read")]);
    const result = await runExec({ args: ["--agent", "agent.yaml", "-C", folder, "go"], cwd, home });
    assert.equal(result.code, 0, result.stderr);
    assert.match(lastResult(), /inside/);
    assert.deepEqual(
      fake.requests[0]?.body.tools.map((tool: { name: string }) => tool.name),
      ["read_file"],
    );
    await writeFile(join(cwd, "agent.yaml"), `${agent}mem:\n  max_context_tokens: 1\n`);
    const refused = await runExec({ args: ["--agent", "agent.yaml", "go"], cwd, home });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /agent\.yaml:11:1: unknown key "mem"\. Did you mean "memory"\?/);
  });

  describe("says what is wrong and what to do", () => {
    it("with the command line", async () => {
      for (const [args, text] of [
        [["go"], /no model was named/],
        [["--model", "nope/x", "go"], /nope/],
        [["--model", "demo/scripted", "--interface", "javascript", "go"], /not yet/],
        [["--colour", "go"], /unknown option/],
        [["--model", "demo/scripted", "-C", "/does/not/exist", "go"], /working directory/],
      ] as const) {
        const result = await runExec({ args, cwd, home });
        assert.equal(result.code, 2, `${args.join(" ")}: ${result.stderr}`);
        assert.match(result.stderr, text);
      }
      for (const command of ["sessions", "doctor"]) {
        const result = await runCodepilot({ args: [command, "list", "--json"], cwd, home });
        assert.equal(result.code, 2);
        assert.match(result.stderr, /not yet/);
      }
    });

    it("with the key, the model name and the server", async () => {
      const wrongKey = await run([errorReply("openai", "auth")], ["go"], { env: { OPENAI_API_KEY: "sk-wrong" } });
      assert.equal(wrongKey.code, 1);
      assert.match(wrongKey.stderr, /OPENAI_API_KEY/);
      assert.doesNotMatch(wrongKey.stderr, /sk-wrong/);
      const unknown = await run([errorReply("openai", "unknown-model")], ["go"]);
      assert.equal(unknown.code, 1);
      assert.match(unknown.stderr, /fake.*does not exist|does not exist.*fake/s);
      const noKey = await runExec({ args: ["--model", "anthropic/claude", "go"], cwd, home });
      assert.equal(noKey.code, 1);
      assert.match(noKey.stderr, /ANTHROPIC_API_KEY/);
      const nobody = await runExec({
        args: ["--model", "openai/x", "--base-url", "http://127.0.0.1:9/v1", "go"],
        cwd,
        home,
        timeoutMs: 50_000,
      });
      assert.equal(nobody.code, 1);
      assert.match(nobody.stderr, /127\.0\.0\.1:9/);
    });

    it("with tools, arguments and paths, to the model", async () => {
      await writeFile(join(folder, "secret.txt"), "outside\n");
      await symlink(join(folder, "secret.txt"), join(cwd, "link.txt"));
      for (const [name, args, text] of [
        ["fly", {}, /no tool named "fly"/],
        ["read_file", { path: 7 }, /not understood/],
        ["read_file", { path: "../secret.txt" }, /Denied|Refused/],
        ["read_file", { path: "link.txt" }, /Denied|Refused/],
        ["write_file", { path: "link.txt", mode: "a", content: "x" }, /Denied|Refused/],
        ["read_file", { path: "nothing.txt" }, /nothing\.txt/],
      ] as const) {
        const result = await run([call(name, args), say("I see.")], ["go"]);
        assert.equal(result.code, 0, result.stderr);
        assert.match(lastResult(), text, name);
      }
      assert.equal(await readFile(join(folder, "secret.txt"), "utf8"), "outside\n");
    });

    it("with a shell that is missing", async () => {
      const args = { command: "true", new_terminal: true, session_id: "t2", shell: "/no/such/shell" };
      assert.equal((await run([call("execute", args), say("I see.")], ["--yes", "go"])).code, 0);
      assert.match(lastResult(), /no\/such\/shell/);
    });

    it("with a file that changed since it was read", async () => {
      const file = join(cwd, "a.txt");
      await writeFile(file, "one\ntwo\n");
      const script: FakeScript = async ({ index }) => {
        if (index === 0) return call("read_file", { path: "a.txt" });
        if (index > 1) return say("I see.");
        await writeFile(file, "zero\none\ntwo\n");
        return call("write_file", { path: "a.txt", mode: "edit", start_line: 1, end_line: 1, content: "ONE" });
      };
      assert.equal((await run(script, ["--yes", "go"])).code, 0);
      assert.match(lastResult(), /changed/);
      assert.equal(await readFile(file, "utf8"), "zero\none\ntwo\n");
    });

    it("with a command that never ends, which goes on and can be read", async () => {
      const result = await run(
        [call("execute", { command: "echo begun; sleep 60", timeout: 0.5 }), say("It runs.")],
        ["--yes", "go"],
      );
      assert.equal(result.code, 0);
      assert.match(lastResult(), /begun/);
      assert.match(lastResult(), /status: running/);
      assert.match(result.stderr, /✓ \$ echo begun; sleep 60 \(still running\)/);
    });

    it("with a journal that can not be written", async () => {
      if (process.getuid?.() === 0) await writeFile(join(home, "codepilot"), "a file where a folder should be");
      else await chmod(home, 0o500);
      const result = await run([say("hi")], ["go"]);
      assert.notEqual(result.code, 0);
      assert.match(result.stderr, /codepilot:/);
      await chmod(home, 0o700);
    });
  });
});
