import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import type { RunCommand, WaitFor } from "../../../src/ports/terminals.ts";
import { CommandOutput } from "../../../src/terminals/command-output.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";

const text = (wanted: string): WaitFor => ({ kind: "text", text: wanted });

describe("commands that are waited for until they are ready", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  beforeEach(async () => {
    t = await testTerminals();
  });
  afterEach(async () => {
    await t.close();
    assert.deepEqual(t.complaints, []);
  });
  const wait = (command: string, waitFor: WaitFor, more: Partial<RunCommand> = {}) =>
    t.command(command, { timeoutMs: 10_000, waitFor, ...more });
  /** A server in the terminal that says so, and listens where it is told to. */
  const server = async (host: string) => {
    const program = `
      const server = require("net").createServer();
      setTimeout(() => server.listen(Number(process.argv[2]), ${JSON.stringify(host)}), 300);`;
    await writeFile(join(t.home, "server.cjs"), program);
  };
  async function freePort(): Promise<number> {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const address = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    assert(address !== null && typeof address === "object");
    return address.port;
  }

  it("return at their text and go on", async () => {
    const result = await wait("echo starting; sleep 0.3; echo 'Listening on 3000'; sleep 20", text("Listening on"));
    assert.deepEqual([result.status, result.reached], ["running", true]);
    assert.equal(result.output.text, "starting\nListening on 3000\n");
    assert.ok(result.durationMs < 18_000);
    assert.equal((await t.run("true")).kind, "busy");
  });

  it("see rendered text: through colours, cuts and without a line end", async () => {
    const coloured = "printf '\\e[32mLis\\e[1mten'; sleep 0.3; printf 'ing\\e[0m'; sleep 20";
    const result = await wait(coloured, text("Listening"));
    assert.deepEqual([result.status, result.reached], ["running", true]);
  });

  it("see the last state of a progress bar and of a line that is drawn anew", async () => {
    const result = await wait(
      "for i in 1 2 3 4 5; do printf '\\rloading %d' $i; sleep 0.1; done; printf '\\rready    '; sleep 20",
      text("ready"),
    );
    assert.equal(result.reached, true);
  });

  it("see only their own output", async () => {
    await t.command("echo Listening");
    const result = await wait("echo other", text("Listening"));
    assert.deepEqual([result.status, result.reached], ["completed", false]);
    // Nor the command itself, as it is typed.
    const typed = await wait("sleep 0.3 # Listening", text("Listening"));
    assert.deepEqual([typed.status, typed.reached], ["completed", false]);
  });

  it("say whether the end or the time came first", async () => {
    const ended = await wait("echo failed; (exit 3)", text("Listening"));
    assert.deepEqual([ended.status, ended.exitCode, ended.reached], ["completed", 3, false]);
    const late = await wait("sleep 20", text("Listening"), { timeoutMs: 300 });
    assert.deepEqual([late.status, late.reached], ["running", false]);
  });

  it("count what they print in the moment they end", async () => {
    for (let round = 0; round < 10; round++) {
      const result = await wait("echo Listening", text("Listening"));
      assert.equal(result.reached, true);
      await t.read();
    }
  });

  it("find their text in a flood", async () => {
    const result = await wait("seq 1 200000; echo HERE; seq 1 200000; sleep 20", text("HERE"));
    assert.equal(result.reached, true);
    const late = await wait("echo", text("x")).catch((error: Error) => error.message);
    assert.match(String(late), /busy/);
  });

  it("are interrupted by an abort as ever", async () => {
    const abort = new AbortController();
    const running = wait("echo a; sleep 50", text("Listening"), { signal: abort.signal });
    setTimeout(() => abort.abort(), 300);
    const result = await running;
    assert.deepEqual([result.status, result.reached], ["completed", false]);
    assert.notEqual(result.exitCode, 0);
  });

  for (const host of ["127.0.0.1", "::1", "0.0.0.0"]) {
    it(`return when their port answers on ${host}`, async () => {
      await server(host);
      const port = await freePort();
      const result = await wait(`node server.cjs ${port}`, { kind: "port", port });
      assert.deepEqual([result.status, result.reached], ["running", true]);
      assert.deepEqual(await t.run("true", { waitFor: { kind: "port", port } }), { kind: "port-taken", port });
    });
  }

  it("say so when their port never answers", async () => {
    const port = await freePort();
    const ended = await wait("sleep 0.2", { kind: "port", port });
    assert.deepEqual([ended.status, ended.reached], ["completed", false]);
    const late = await wait("sleep 20", { kind: "port", port }, { timeoutMs: 400 });
    assert.deepEqual([late.status, late.reached], ["running", false]);
  });

  it("count a port that they opened and left open", async () => {
    await server("127.0.0.1");
    const port = await freePort();
    const result = await wait(`node server.cjs ${port} & sleep 2`, { kind: "port", port });
    assert.equal(result.reached, true);
  });

  it("can be followed with the same wait", async () => {
    const first = await t.command("sleep 0.5; echo Listening; sleep 20", { timeoutMs: 100, commandId: "mine" });
    assert.equal(first.reached, undefined);
    const follow = { commandId: "mine", signal: new AbortController().signal, timeoutMs: 5000 };
    const second = await t.terminals.follow({ ...follow, waitFor: text("Listening") });
    assert.deepEqual([second?.status, second?.reached], ["running", true]);
    // It is there already.
    const third = await t.terminals.follow({ ...follow, waitFor: text("Listening") });
    assert.equal(third?.reached, true);
  });

  it("return in a shell without markers too", async () => {
    assert.equal((await t.terminals.open({ name: "plain", shell: "sh", createdBy: "agent" })).kind, "opened");
    const command = "echo starting; sleep 1; echo Listen''ing; sleep 20";
    const result = await wait(command, text("Listening"), { terminal: "plain" });
    assert.deepEqual([result.status, result.reached], ["unknown", true]);
  });
});

describe("a text that is waited for", () => {
  it("is found exactly where the rendered output has it, however it is cut", async () => {
    const letters = fc.array(fc.constantFrom("a", "b", "\r\n", "\u001b[31m", "x".repeat(20_000)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        letters,
        fc.array(fc.constantFrom("a", "b", "\n"), { minLength: 1, maxLength: 4 }),
        async (chunks, needle) => {
          const wanted = needle.join("");
          const output = new CommandOutput(1_000_000);
          const watch = output.watch(wanted);
          for (const chunk of chunks) output.push(chunk);
          output.finish();
          assert.equal(watch.isFound, output.text().text.includes(wanted));
          output.unwatch(watch);
        },
      ),
      { numRuns: 300 },
    );
  });
});
