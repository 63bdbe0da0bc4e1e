import assert from "node:assert/strict";
import type { CommandResult, ReadResult, ReadSpool, RunCommand, SpoolResult } from "../../../src/ports/terminals.ts";
import { commandResult, ScriptedTerminals, terminalInfo } from "../../support/scripted-terminals.ts";
import { type Toolbox, toolbox, toolContext } from "../../support/toolbox.ts";

describe("terminal tools", () => {
  let terminals: ScriptedTerminals;
  let box: Toolbox;
  beforeEach(async () => {
    terminals = new ScriptedTerminals();
    terminals.terminals = [
      terminalInfo({ cwd: "/work/here" }),
      terminalInfo({ name: "server", status: "running", command: "npm start" }),
    ];
    box = await toolbox({ terminals });
  });
  afterEach(() => box[Symbol.asyncDispose]());

  const answer = (changes: Partial<CommandResult>) => {
    terminals.onRun = ({ command, commandId }) => commandResult({ command, commandId, ...changes });
  };
  const reading = (changes: Partial<Extract<ReadResult, { kind: "read" }>>): ReadResult => ({
    kind: "read",
    terminal: terminalInfo(),
    command: null,
    output: { text: "", droppedChars: 0 },
    ...changes,
  });

  describe("execute", () => {
    it("says what it will run, where, and how it is found again", async () => {
      const call = await box.plan("execute", { command: "npm test" });
      assert.deepEqual(call.access, { kind: "execute", command: "npm test", cwd: "/work/here", terminal: "main" });
      assert.deepEqual(call.recovery, { kind: "command", terminal: "main", commandId: "cmd_1" });
      assert.deepEqual(terminals.calls, []);
    });

    it("asks for the folder where the next shell starts, once the shell has ended", async () => {
      terminals.terminals = [terminalInfo({ status: "exited", pid: null, cwd: "/scratch" })];
      const ended = await box.plan("execute", { command: "rm -rf *" });
      assert.deepEqual(ended.access, {
        kind: "execute",
        command: "rm -rf *",
        cwd: box.workspace.root,
        terminal: "main",
      });
      terminals.terminals = [terminalInfo({ status: "not-started", pid: null, cwd: "/start" })];
      const first = (await box.plan("execute", { command: "rm -rf *" })).access;
      assert(first.kind === "execute");
      assert.equal(first.cwd, "/start");
    });

    it("runs nothing when its shell has ended or moved since it was asked for", async () => {
      for (const moved of [terminalInfo({ status: "exited", pid: null }), terminalInfo({ cwd: "/elsewhere" })]) {
        terminals.terminals = [terminalInfo({ cwd: "/scratch" })];
        const call = await box.plan("execute", { command: "rm -rf *" });
        terminals.terminals = [moved];
        const result = await call.run(toolContext());
        assert.equal(result.status, "failed");
        assert.match(result.output, /meant for \/scratch, but .* is in .*Nothing was run/);
      }
      assert.deepEqual(terminals.calls, []);
    });

    it("reports a failing command as done work", async () => {
      answer({ ordinal: 3, exitCode: 2, output: { text: "boom\n", droppedChars: 0 } });
      const result = await box.call("execute", { command: "false", timeout: 1.5 });
      assert(result.status === "done");
      assert.equal(
        result.output,
        "[terminal:main:cmd3] $ false\nboom\n[status: completed | return_code: 2 | pid: 100 | cwd: /work]",
      );
      assert.deepEqual(result.display, {
        kind: "command",
        terminal: "main",
        command: "false",
        status: "completed",
        exitCode: 2,
        cwd: "/work",
        outputTail: "boom\n",
      });
      const request = terminals.calls[0]?.request as { timeoutMs: number; maxOutputChars: number };
      assert.deepEqual([request.timeoutMs, request.maxOutputChars], [1_500, 40_000]);
    });

    it("names the next move while it runs, when it can not know, and when the shell has ended", async () => {
      const output = async (status: CommandResult["status"]) => {
        answer({ status, exitCode: null });
        return (await box.call("execute", { command: "x" })).output;
      };
      assert.match(
        await output("running"),
        /status: running \| return_code: -.*\nStill running\. read_output\(session_id="main"\)/,
      );
      assert.match(await output("unknown"), /has ended is not known[^.]*\. read_output/);
      assert.match(await output("exited"), /The shell itself has ended\. The next execute starts a new one/);
    });

    it("keeps head and tail of a flood and counts what fell out, once", async () => {
      const cut = `HEAD\n[… 123456 characters omitted …]\n${"x".repeat(39_990)}TAIL`;
      answer({ output: { text: cut, droppedChars: 123_456 } });
      const { output } = await box.call("execute", { command: "yes" });
      assert(output.includes(cut));
      answer({ output: { text: `HEAD${"x".repeat(100_000)}TAIL`, droppedChars: 0 } });
      const uncut = await box.call("execute", { command: "yes" });
      assert(uncut.output.length < 41_000);
      assert.match(uncut.output, /HEAD[\s\S]*\[… 60008 characters omitted …\][\s\S]*TAIL\n\[status/);
    });

    it("says precisely how what was cut can be read", async () => {
      const text = `HEAD\n[… 9 characters omitted …]\nTAIL\n`;
      answer({
        ordinal: 7,
        totalLines: 90,
        output: { text, droppedChars: 9, droppedLines: { from: 12, to: 80 } },
      });
      assert.match(
        (await box.call("execute", { command: "yes" })).output,
        /cwd: \/work\]\n\[Left out: something of lines 12 to 80 \(of 90\)\. read_output\(session_id="main", command=7, from_line=12, to_line=80\) shows them, as many as fit\.\]$/,
      );
      answer({ output: { text: "short", droppedChars: 0 } });
      assert.doesNotMatch((await box.call("execute", { command: "yes" })).output, /Left out/);
    });

    describe("that waits for a sign", () => {
      const wait = { command: "npm start", wait_for: "Listening" };
      const access = { kind: "execute", command: "npm start", cwd: "/work/here", terminal: "main" };

      it("asks with what it waits for, and with what is kept", async () => {
        assert.deepEqual((await box.plan("execute", wait)).access, { ...access, waitsFor: '"Listening"' });
        const port = { command: "npm start", session_id: "web", new_terminal: true, wait_for_port: 3000, keep: true };
        assert.deepEqual((await box.plan("execute", port)).access, {
          ...access,
          cwd: box.workspace.root,
          terminal: "web",
          keep: true,
          waitsFor: "port 3000",
        });
        assert.equal(box.tool("execute").summarize(port), "$ npm start  # kept, waits for port 3000");
        assert.equal(box.tool("execute").summarize({ command: "ls", keep: false }), "$ ls");
      });

      it("says which of the three ended the wait", async () => {
        const told = async (changes: Partial<CommandResult>, input: object = wait) => {
          answer({ exitCode: null, ...changes });
          return (await box.call("execute", input)).output;
        };
        assert.match(
          await told({ status: "running", reached: true }),
          /Still running\..*\nReady: it has printed "Listening"\.$/,
        );
        assert.match(
          await told({ status: "running", reached: false }),
          /\nNot ready: the time was over before it printed "Listening"\.$/,
        );
        assert.match(await told({ reached: false }), /\nNot ready: it ended before it printed "Listening"\.$/);
        const port = { command: "npm start", wait_for_port: 3000 };
        assert.match(await told({ status: "running", reached: true }, port), /\nReady: port 3000 takes connections\.$/);
        assert.match(
          await told({ reached: false }, port),
          /\nNot ready: it ended before port 3000 took connections\.$/,
        );
        const { waitFor } = terminals.calls.at(-1)!.request as RunCommand;
        assert.deepEqual(waitFor, { kind: "port", port: 3000 });
      });

      it("refuses both at once, no text, ports that are none, and keeping what is not new", async () => {
        assert.match((await box.call("execute", { ...wait, wait_for_port: 1 })).output, /not for both/);
        for (const wrong of [
          { wait_for: "" },
          { wait_for_port: 0 },
          { wait_for_port: 65_536 },
          { wait_for_port: 1.5 },
        ]) {
          assert.equal((await box.call("execute", { command: "x", ...wrong })).status, "failed");
        }
        assert.match(
          (await box.call("execute", { command: "x", keep: true })).output,
          /Only a new terminal can be kept/,
        );
        assert.deepEqual(terminals.calls, []);
      });

      it("gives the new terminal back when the port is taken", async () => {
        terminals.onRun = () => ({ kind: "port-taken", port: 3000 });
        const input = { session_id: "web", command: "x", new_terminal: true, wait_for_port: 3000 };
        assert.match((await box.call("execute", input)).output, /port 3000 already, so nothing was run/);
        assert.deepEqual(
          terminals.calls.map(({ method }) => method),
          ["open", "run", "terminate"],
        );
      });

      it("says whether the terminal is really kept", async () => {
        const input = { session_id: "web", command: "x", new_terminal: true, keep: true };
        assert.match((await box.call("execute", input)).output, /can not be kept here: it ends with CodePilot/);
        terminals.onOpen = () => ({ kind: "opened", terminal: terminalInfo({ name: "api", kept: true }) });
        assert.match((await box.call("execute", { ...input, session_id: "api" })).output, /is kept: it goes on/);
      });
    });

    it("opens a terminal first when asked to", async () => {
      const result = await box.call("execute", { session_id: "web", command: "x", new_terminal: true, shell: "zsh" });
      assert.equal(result.status, "done");
      assert.deepEqual(
        terminals.calls.map(({ method }) => method),
        ["open", "run"],
      );
      assert.deepEqual(terminals.calls[0]?.request, {
        name: "web",
        createdBy: "agent",
        cwd: box.workspace.root,
        shell: "zsh",
      });
    });

    it("refuses before anyone is asked what can not work", async () => {
      const cases: [Record<string, unknown>, RegExp][] = [
        [{ command: " " }, /command is empty/],
        [{ command: "x", session_id: "nope" }, /no terminal "nope" \(there are: main, server\).*new_terminal=true/],
        [{ command: "x", session_id: "server" }, /A command is running in "server": npm start\. Nothing was typed/],
        [{ command: "x", session_id: "main", new_terminal: true }, /already open/],
        [{ command: "x", session_id: "../x", new_terminal: true }, /can not name a terminal/],
        [{ command: "x", shell: "zsh" }, /only be chosen for a new terminal/],
      ];
      for (const [input, pattern] of cases) {
        const result = await box.call("execute", input);
        assert.equal(result.status, "failed");
        assert.match(result.output, pattern);
      }
      assert.deepEqual(terminals.calls, []);
    });

    it("passes on why a shell could not be opened, and that a terminal is busy", async () => {
      terminals.onOpen = () => ({ kind: "failed", message: "There is no shell fish. Use bash." });
      const fish = { session_id: "f", command: "x", new_terminal: true, shell: "fish" };
      assert.match((await box.call("execute", fish)).output, /There is no shell fish\. Use bash\./);
      terminals.onRun = () => ({ kind: "busy", command: "vim", startedAtMs: 0 });
      assert.match((await box.call("execute", { command: "x" })).output, /running in "main": vim\. Nothing was typed/);
    });

    it("is cancelled by an abort, with what was printed until then", async () => {
      answer({ exitCode: 130, output: { text: "half", droppedChars: 0 } });
      const result = await box.call("execute", { command: "sleep 60" }, { signal: AbortSignal.abort() });
      assert.equal(result.status, "cancelled");
      assert.match(result.output, /Stopped by the person[\s\S]*half/);
    });

    it("passes output on while it runs", async () => {
      const chunks: string[] = [];
      terminals.onRun = ({ onOutput, command, commandId }) => {
        onOutput?.("live");
        return commandResult({ command, commandId });
      };
      await box.call("execute", { command: "x" }, { output: (chunk) => chunks.push(chunk) });
      assert.deepEqual(chunks, ["live"]);
    });
  });

  describe("read_output", () => {
    const read = (input = {}) => box.call("read_output", { session_id: "main", ...input });

    it("gives what is new of a running command", async () => {
      const command = commandResult({ command: "make", status: "running", exitCode: null, ordinal: 4 });
      terminals.onRead = () => reading({ command, output: { text: "more\n", droppedChars: 0 } });
      assert.match(
        (await read()).output,
        /^\[terminal:main:cmd4\] \$ make \(continued output\)\nmore\n\[status: running/,
      );
    });

    it("gives the whole output of a finished command when there is nothing new", async () => {
      const command = commandResult({ command: "make", output: { text: "all\n", droppedChars: 0 } });
      terminals.onRead = () => reading({ command });
      assert.match((await read()).output, /\(complete output\)\nall\n\[status: completed/);
    });

    it("needs no permission, and names what to do when there is no such terminal", async () => {
      assert.deepEqual((await box.plan("read_output", { session_id: "x" })).access, { kind: "none" });
      assert.match((await read({ session_id: "x" })).output, /no terminal "x"/);
      terminals.onRead = () => ({ kind: "exited", exitCode: 1, output: { text: "bye", droppedChars: 0 } });
      assert.match((await read()).output, /has ended \(return code 1\)[\s\S]*bye/);
    });
  });

  describe("read_output of lines", () => {
    const { kind: _, output: __, ...command } = commandResult({ ordinal: 3, command: "make", totalLines: 5000 });
    const lines = (changes: Partial<Extract<SpoolResult, { kind: "lines" }>> = {}): SpoolResult => ({
      kind: "lines",
      command,
      pieces: [{ fromLine: 10, toLine: 11, text: "ten\neleven" }],
      nextLine: null,
      losses: [],
      ...changes,
    });
    const read = (input: object) => box.call("read_output", { session_id: "main", ...input });

    it("asks for the range and shows it", async () => {
      terminals.onReadSpool = () => lines();
      const { output } = await read({ command: 3, from_line: 10, to_line: 11 });
      assert.equal(
        output,
        "[terminal:main:cmd3] $ make (lines 10 to 11 of 5000)\nten\neleven\n[status: completed | return_code: 0 | pid: 100 | cwd: /work]",
      );
      const { signal: ___, ...request } = terminals.calls[0]!.request as ReadSpool;
      assert.deepEqual(request, {
        terminal: "main",
        ordinal: 3,
        fromLine: 10,
        lineCount: 2,
        maxOutputChars: 40_000,
      });
    });

    it("says how it goes on, and what is gone and why", async () => {
      terminals.onReadSpool = () =>
        lines({
          pieces: [
            { fromLine: 10, toLine: 11, text: "ten\neleven" },
            { fromLine: 50, toLine: 50, text: "fifty" },
          ],
          nextLine: 51,
          losses: ["the disk was slower than the output"],
        });
      const { output } = await read({ from_line: 8 });
      assert.match(
        output,
        /\(lines 8 to 50 of 5000\)\n\[… lines 8 to 9 are not kept: the disk was slower than the output …\]\nten\neleven\n\[… lines 12 to 49 are not kept: .*\]\nfifty\n/,
      );
      assert.match(output, /\n\[More: read_output\(session_id="main", command=3, from_line=51\)\]$/);
    });

    it("names what there is", async () => {
      terminals.onReadSpool = () => lines({ pieces: [] });
      assert.match((await read({ from_line: 6000 })).output, /no line 6000: it has printed 5000 lines\)/);
      terminals.onReadSpool = () => ({ kind: "no-command", ordinals: [1, 2, 3, 7] });
      assert.match((await read({ command: 5 })).output, /no command 5 in "main" any more \(there are: 1–3, 7\)/);
      terminals.onReadSpool = () => ({ kind: "no-command", ordinals: [] });
      assert.match((await read({ command: 5 })).output, /No command has run in "main" yet/);
      assert.match((await read({ from_line: 5, to_line: 4 })).output, /to_line 4 is before from_line 5/);
    });
  });

  describe("send_input", () => {
    const send = (text: string, session_id = "server") => box.call("send_input", { session_id, text });
    beforeEach(() => {
      const command = commandResult({ command: "npm start", status: "running", exitCode: null });
      terminals.onWrite = () => reading({ command, output: { text: "Port? ", droppedChars: 0 } });
    });

    it("asks with the keystrokes and what they go to", async () => {
      const { access } = await box.plan("send_input", { session_id: "server", text: "y\n" });
      assert.deepEqual(access, { kind: "input", terminal: "server", text: "y\n", running: "npm start" });
    });

    it("types as given and shows the screen", async () => {
      const { output } = await send("8080\n");
      assert.match(output, /\$ npm start \(after input: "8080\\n"\)\nPort\?\n\[status: running/);
      assert.doesNotMatch(output, /Warning/);
      assert.equal((terminals.calls.at(0)!.request as { text: string }).text, "8080\n");
    });

    it("warns when text was not submitted, not for control keys", async () => {
      assert.match((await send("8080")).output, /Warning: the text did not end with a newline/);
      assert.match((await send("8080\\n")).output, /Warning: a backslash and a letter were typed/);
      for (const keys of ["\u0003", "\u001b[A", "\t", "q\r"]) assert.doesNotMatch((await send(keys)).output, /Warning/);
    });

    it("refuses a terminal that is not there or has ended", async () => {
      terminals.terminals = [...terminals.terminals, terminalInfo({ name: "old", status: "exited" })];
      assert.match((await send("x\n", "nope")).output, /no terminal "nope"/);
      assert.match((await send("x\n", "old")).output, /has ended, so nothing was typed/);
    });
  });

  describe("terminate_terminal", () => {
    it("says whose terminal it ends, and ends it", async () => {
      const call = await box.plan("terminate_terminal", { session_id: "server" });
      assert.deepEqual(call.access, { kind: "terminate", terminal: "server", createdBy: "agent" });
      const result = await box.call("terminate_terminal", { session_id: "server" });
      assert.match(result.output, /Terminal "server" was ended\. It was running: npm start\./);
      assert.match((await box.call("terminate_terminal", { session_id: "server" })).output, /no terminal "server"/);
    });
  });
});
