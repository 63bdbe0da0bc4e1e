/** What a terminal promises, in every shell whose commands have a known end. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { eventually, processesOfHome, type TestTerminals, testTerminals } from "../../support/terminals.ts";

interface Shell {
  readonly name: "bash" | "zsh" | "fish";
  /** Of a fixed and short prompt. */
  readonly prompt: string;
  readonly startupFile: string;
  /** Others that belong to the home folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly multiLine: string;
  readonly hereDocument: string | null;
  readonly unfinished: readonly [command: string, exitCode: number, message: RegExp];
  readonly endlessLoop: string;
  /** What an interrupted loop ends with. */
  readonly loopStatus: number;
  /** Startup file that ends the shell with exit code 9. */
  readonly ending: string;
  /** Ends the shell at the first error; null where there is no such thing. */
  readonly exitOnError: string | null;
  /** Startup file that takes prompt and hooks for itself. */
  readonly takesPrompt: string;
  /** The same as a command, at a prompt. */
  readonly losesHooks: string;
  readonly history: string;
  readonly historyFile: string;
  readonly saveHistory: string;
  readonly strangeFolder: string;
  readonly inner: string;
}

const shells: readonly Shell[] = [
  {
    name: "bash",
    prompt: "PS1='person$ '",
    startupFile: ".bashrc",
    multiLine: "for i in 1 2; do\n  echo $i\ndone\n\necho end",
    hereDocument: "cat <<END\nfirst\n  $((1 + 1))nd\nEND\necho after",
    unfinished: ["echo 'open\nstill open", 2, /unexpected EOF/],
    endlessLoop: "while :; do :; done",
    loopStatus: 130,
    ending: "exit 9",
    exitOnError: "set -e; false; echo not reached",
    takesPrompt: "PROMPT_COMMAND='PS1=\"[\\w]\\n> \"; false'; PS0='running'; PS2='more '; trap 'true' DEBUG",
    losesHooks: "unset PROMPT_COMMAND PS0; PS1='> '",
    history: "history",
    historyFile: ".bash_history",
    saveHistory: "history -w",
    strangeFolder: "cd $'a;b\\\\x20 \\'c\\'\\nd \\e'",
    inner: "bash --norc",
  },
  {
    name: "zsh",
    prompt: "PROMPT='person$ '",
    startupFile: ".zshrc",
    multiLine: "for i in 1 2; do\n  echo $i\ndone\n\necho end",
    hereDocument: "cat <<END\nfirst\n  $((1 + 1))nd\nEND\necho after",
    unfinished: ["echo 'open\nstill open", 1, /unmatched '/],
    endlessLoop: "while :; do :; done",
    loopStatus: 130,
    ending: "exit 9",
    exitOnError: "set -e; false; echo not reached",
    takesPrompt:
      "setopt prompt_subst; PROMPT=$'$(date)\\n> ' RPROMPT='%T'; precmd() { PS2=more; false }; precmd_functions=(precmd); " +
      "preexec_functions=(); zle-line-init() { true }; zle -N zle-line-init; bindkey -v",
    losesHooks: "precmd_functions=() preexec_functions=() zshaddhistory_functions=(); PROMPT='> '; bindkey -d",
    history: "fc -ln -100",
    historyFile: ".zsh_history",
    saveHistory: "fc -W ~/.zsh_history",
    strangeFolder: "cd $'a;b\\\\x20 \\'c\\'\\nd \\e'",
    inner: "zsh -f",
  },
  {
    name: "fish",
    prompt: "function fish_prompt; echo -n 'person$ '; end; set -g fish_greeting",
    startupFile: ".config/fish/config.fish",
    // Without this folder fish begins to read all manual pages, in the background.
    files: { ".local/share/fish/generated_completions/none.fish": "" },
    multiLine: "for i in 1 2\n  echo $i\nend\n\necho end",
    hereDocument: null,
    unfinished: ["echo 'open\nstill open", 123, /quotes are not balanced/],
    endlessLoop: "while true; end",
    // fish has none then; and it ignores `exit` in this file.
    loopStatus: 0,
    ending: "exec sh -c 'exit 9'",
    exitOnError: null,
    takesPrompt:
      "function fish_prompt; date; echo -n '> '; false; end; function fish_right_prompt; date; end; fish_vi_key_bindings; " +
      "function before --on-event fish_prompt; echo before; end; function fish_mode_prompt; echo '[x] '; end",
    losesHooks:
      "functions --erase __cp_postexec fish_prompt; function fish_prompt; echo -n '> '; end; bind --erase \\e\\[24\\;8~",
    history: "history | cat",
    historyFile: ".local/share/fish/fish_history",
    saveHistory: "history save",
    strangeFolder: "cd a\\;b\\\\x20\\ \\'c\\'\\nd\\ \\e",
    inner: "fish --no-config",
  },
];

const strangeName = "a;b\\x20 'c'\nd \x1b";
const spawner = new NodePtySpawner();
const installed = await Promise.all(shells.map(async ({ name }) => (await spawner.findShell(name)) !== null));

async function withEach(run: (other: Shell) => Promise<void>): Promise<void> {
  await Promise.all(shells.filter((_, index) => installed[index]).map(run));
}

for (const [index, shell] of shells.entries()) {
  const missing = !installed[index];
  const title = `a terminal with ${shell.name}${missing ? ", which is not installed here" : ""}`;

  (missing ? describe.skip : describe)(title, function () {
    this.timeout(120_000);
    const open: TestTerminals[] = [];

    async function terminal(startup: string = shell.prompt): Promise<TestTerminals> {
      const files = { [shell.startupFile]: `${startup}\n`, ...shell.files };
      const t = await testTerminals({ shell: shell.name, files });
      open.push(t);
      return t;
    }

    afterEach(async () => {
      for (const t of open.splice(0)) {
        await t.close();
        assert.deepEqual(t.complaints, []);
        assert.deepEqual(await processesOfHome(t.home), []);
      }
    });

    const exits = (code: number) => `sh -c 'exit ${code}'`;
    const status = (t: TestTerminals) => t.terminals.list()[0]?.status;

    it("tells exit code, folder and duration", async () => {
      const t = await terminal();
      for (const code of [0, 1, 42, 255]) {
        const result = await t.command(exits(code));
        assert.deepEqual([result.status, result.exitCode, result.output.text], ["completed", code, ""]);
      }
      const moved = await t.command("cd /usr; sleep 0.3");
      assert.equal(moved.cwd, "/usr");
      assert.ok(moved.durationMs >= 300 && moved.durationMs < 30_000, `${moved.durationMs} ms`);
      assert.equal((await t.command("pwd")).output.text, "/usr\n");
    });

    it("takes several lines as one command", async () => {
      const t = await terminal();
      const lines = await t.command(shell.multiLine);
      assert.deepEqual([lines.status, lines.exitCode, lines.output.text], ["completed", 0, "1\n2\nend\n"]);
      if (shell.hereDocument === null) return;
      const document = await t.command(shell.hereDocument);
      assert.deepEqual([document.exitCode, document.output.text], [0, "first\n  2nd\nafter\n"]);
    });

    it("ends a command that is not complete with an error", async () => {
      const t = await terminal();
      const [command, exitCode, message] = shell.unfinished;
      const result = await t.command(command);
      assert.deepEqual([result.status, result.exitCode], ["completed", exitCode], result.output.text);
      assert.match(result.output.text, message);
      assert.equal((await t.command("echo next")).output.text, "next\n");
    });

    it("tells that a command was interrupted from the keyboard", async () => {
      const t = await terminal();
      for (const command of ["sleep 100", shell.endlessLoop, "cat"]) {
        assert.equal((await t.command(command, { timeoutMs: 300 })).status, "running", command);
        const read = await t.write("\x03");
        assert.ok(read.kind === "read");
        const { command: ended } = read;
        const code = command === shell.endlessLoop ? shell.loopStatus : 130;
        assert.deepEqual(
          [ended?.status, ended?.exitCode, ended?.output.text.trim()],
          ["completed", code, "^C"],
          command,
        );
        assert.equal((await t.command("echo next")).output.text, "next\n");
      }
    });

    it("goes on after the timeout, refuses others meanwhile, and tells the end", async () => {
      const t = await terminal();
      const first = await t.command(`echo begun; sleep 0.6; echo ended; ${exits(3)}`, { timeoutMs: 200 });
      assert.deepEqual([first.status, first.output.text], ["running", "begun\n"]);
      const busy = await t.run("echo not typed");
      assert.ok(busy.kind === "busy" && busy.command.startsWith("echo begun"));
      const read = await t.read();
      assert.ok(read.kind === "read");
      assert.deepEqual([read.command?.status, read.command?.exitCode], ["completed", 3]);
      assert.equal(read.command?.output.text, "begun\nended\n");
      assert.equal(read.output.text, "ended\n");
    });

    it("reports what the person ran, with its text and result", async () => {
      const t = await terminal();
      await t.command("true");
      const person = await personAt(t);
      const line = `printf '%s|' 'by; hand' 'x\\y' ünï; ${exits(5)}`;
      assert.deepEqual(await person.enter(line), [line, 5, "by; hand|x\\y|ünï|"]);
      assert.deepEqual(await person.enter("cd /"), ["cd /", 0, ""]);
      assert.equal(t.terminals.list()[0]?.cwd, "/");
      person.leave();
    });

    it("gives an unfinished line back, and shows the commands as if they had been typed", async () => {
      const t = await terminal();
      await t.command("true");
      let seen = "";
      const person = await t.terminals.attach("main", (data) => {
        seen += data;
      });
      await t.command("echo hello");
      await eventually("the prompt", async () => (await screen(t)).endsWith("hello\nperson$"));
      person?.write("echo half a li");
      await eventually("the echo", async () => (await screen(t)).endsWith("person$ echo half a li"));
      assert.equal((await t.command("echo agent")).output.text, "agent\n");
      await eventually("the line is back", async () => (await screen(t)).endsWith("\nperson$ echo half a li"));
      const read = await t.read(0);
      assert.ok(read.kind === "read");
      assert.doesNotMatch(read.output.text, /half/);
      person?.write("ne\r");
      await eventually("it ran", async () =>
        (await screen(t)).endsWith("person$ echo half a line\nhalf a line\nperson$"),
      );
      assert.match(await screen(t), /^person\$ true\nperson\$ echo hello\nhello\nperson\$ echo agent\nagent\nperson\$/);
      assert.doesNotMatch(seen, /cp=[0-9a-f]{24}|__cp_|7777|;8~/);
      person?.dispose();
    });

    it("keeps nothing of ours in the history", async () => {
      const t = await terminal(shell.name === "fish" ? shell.prompt : `${shell.prompt} HISTSIZE=1000 SAVEHIST=1000`);
      await t.command("echo 'one\ntwo'");
      await t.command(shell.unfinished[0]);
      await t.command(`${"#".repeat(10_000)}\ntrue`);
      await t.command("echo last");
      // What the person gets by looking back is what the agent ran.
      await t.write("\x1b[A\r");
      const read = await t.read();
      assert.ok(read.kind === "read");
      assert.deepEqual([read.command?.command, read.command?.output.text], ["echo last", "last\n"]);
      const history = (await t.command(shell.history)).output.text;
      assert.match(history, /echo 'one(\n|\\n)two'/);
      await t.command(shell.saveHistory);
      const file = await readFile(join(t.home, shell.historyFile), "utf8");
      assert.match(file, /echo last/);
      assert.doesNotMatch(history + file, /__cp|codepilot|eval/);
    });

    it("starts with a startup file that prints, markers of others too", async () => {
      const t = await terminal("echo noise; printf '\\033]633;D;0\\007\\033]633;A\\007'");
      const result = await t.command(`echo works; ${exits(7)}`);
      assert.deepEqual([result.status, result.exitCode, result.output.text], ["completed", 7, "works\n"]);
    });

    it("starts without a startup file that ends the shell, and says so", async () => {
      const t = await terminal(shell.ending);
      const remarks: string[] = [];
      t.terminals.on((event) => {
        if (event.type === "remarked") remarks.push(event.remark);
      });
      assert.equal((await t.command("echo works")).output.text, "works\n");
      assert.deepEqual(remarks, [`~/${shell.startupFile} ended the shell with exit code 9; started without it`]);
      assert.equal((await t.command(exits(3))).exitCode, 3);
    });

    it("is busy while a startup file waits for input, and usable afterwards", async () => {
      const t = await terminal("read answer; echo got $answer");
      const early = await t.run("echo early", { timeoutMs: 300 });
      assert.ok(early.kind === "busy" && /startup/.test(early.command), JSON.stringify(early));
      await eventually("it has started", async () => {
        const opened = await t.run("echo again", { timeoutMs: 300 });
        return opened.kind === "busy" && status(t) === "running";
      });
      await t.write("typed\r", 500);
      assert.equal((await t.command("echo $answer")).output.text, "typed\n");
    });

    it("works with a startup file that executes another shell", async () => {
      const t = await terminal("exec sh");
      const result = await t.command("echo $((6 * 7))", { timeoutMs: 10_000 });
      assert.equal(result.status, "unknown");
      assert.match(result.output.text, /42/);
    });

    it("works with a startup file that takes prompt and hooks for itself", async () => {
      const t = await terminal(shell.takesPrompt);
      for (const code of [0, 4, 0]) {
        const result = await t.command(`echo works; ${exits(code)}`);
        assert.deepEqual([result.status, result.exitCode, result.output.text], ["completed", code, "works\n"]);
      }
    });

    it("gets over a command that removes prompt and hooks", async () => {
      const t = await terminal();
      await t.command(shell.losesHooks);
      const person = await personAt(t);
      await t.command("echo by the agent");
      assert.deepEqual(await person.enter(exits(6)), [exits(6), 6, ""]);
      person.leave();
      const result = await t.command(exits(7));
      assert.deepEqual([result.status, result.exitCode, result.output.text], ["completed", 7, ""]);
    });

    it("ends with the shell: exit, kill, an error that ends it", async () => {
      const t = await terminal();
      const kill = shell.name === "fish" ? "kill -9 $fish_pid" : "kill -9 $$";
      for (const [command, exitCode] of [
        ["exit 3", 3],
        [kill, null],
        [shell.exitOnError ?? "exit 1", 1],
        ["exec true", 0],
      ] as const) {
        const result = await t.command(command);
        assert.deepEqual([result.status, result.exitCode], ["exited", exitCode], command);
        assert.equal((await t.command("echo back")).output.text, "back\n");
      }
    });

    it("does not know the end any more when another program takes the place of the shell", async () => {
      await withEach(async (other) => {
        const t = await terminal();
        const replaced = await t.command(`exec ${other.inner}`);
        assert.deepEqual([replaced.status, status(t)], ["unknown", "unknown"], other.name);
        const next = await t.command("echo in the other");
        assert.equal(next.status, "unknown");
        assert.match(next.output.text, /in the other/);
      });
    });

    it("is not deceived by shells inside the shell", async () => {
      const variables = ["PS1", "PS2", "PROMPT", "PROMPT_COMMAND", "PROMPT_EOL_MARK"];
      await withEach(async (other) => {
        const t = await terminal();
        if (shell.name !== "fish") await t.command(`export ${variables.join(" ")}`);
        const inner = await t.command(other.inner, { timeoutMs: 1000 });
        assert.equal(inner.status, "running", `${other.name}: ${inner.output.text}`);
        await t.write("echo in\r", 500);
        await t.write("false\r", 300);
        assert.equal(status(t), "running", other.name);
        const left = await t.write("exit 4\r");
        assert.ok(left.kind === "read");
        assert.deepEqual([left.command?.status, left.command?.exitCode], ["completed", 4], other.name);
        assert.match(left.command?.output.text ?? "", /\nin\n/);
        assert.equal((await t.command("echo out")).output.text, "out\n");
      });
    });

    it("takes a long command, and output of 1 MB without a newline", async () => {
      const t = await terminal();
      const long = await t.command(`echo ${"y".repeat(100_000)} | wc -c`);
      assert.equal(long.output.text.trim(), "100001");
      const line = await t.command("head -c 1000000 /dev/zero | tr '\\0' z", { maxOutputChars: 1000 });
      assert.deepEqual([line.exitCode, line.output.droppedChars], [0, 1_000_000 - 1000]);
      assert.match(line.output.text, /^z{500}\n\[… 999000 characters omitted …\]\nz{500}$/);
      assert.equal((await t.command("echo next")).output.text, "next\n");
    });

    it("survives binary output", async () => {
      const t = await terminal();
      const all = 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %o $i)"; i=$((i + 1)); done';
      const bytes = await t.command(`sh -c '${all}'; head -c 20000 /dev/urandom; ${exits(6)}`);
      assert.deepEqual([bytes.status, bytes.exitCode], ["completed", 6]);
      await t.command("printf '\\033c\\033[?1049l\\033(B'");
      assert.equal((await t.command("echo next")).output.text, "next\n");
    });

    it("keeps wide and combining characters, and characters cut in the middle", async () => {
      const t = await terminal();
      const text = "e\u0301 日本語 👩‍👩‍👧 ﷺ ünï";
      assert.equal((await t.command(`echo '${text}'`)).output.text, `${text}\n`);
      const bytes = "\\346 \\227 \\245 \\360 \\237 \\216 \\211".replaceAll("\\", "\\\\");
      await writeFile(join(t.home, "cut.sh"), `for b in ${bytes}; do printf $b; sleep 0.05; done\n`);
      const cut = await t.command("sh cut.sh");
      assert.equal(cut.output.text, "日🎉");
    });

    it("runs full-screen programs", async () => {
      const t = await terminal();
      await t.command("seq 1 500 > numbers");
      assert.equal((await t.command("less numbers", { timeoutMs: 500 })).status, "running");
      const end = await t.write("G");
      assert.ok(end.kind === "read" && /499\n500\n/.test(end.output.text));
      const left = await t.write("q");
      assert.ok(left.kind === "read");
      assert.deepEqual([left.command?.status, left.command?.exitCode], ["completed", 0]);
      assert.doesNotMatch(left.command?.output.text ?? "", /499/);

      assert.equal((await t.command("vi -u NONE -N new.txt", { timeoutMs: 700 })).status, "running");
      const typed = await t.write("iwritten\x1b");
      assert.ok(typed.kind === "read" && /written/.test(typed.output.text));
      const saved = await t.write(":wq\r");
      assert.ok(saved.kind === "read");
      assert.equal(saved.command?.status, "completed");
      assert.equal((await t.command("cat new.txt")).output.text, "written\n");
    });

    it("shows what a job in the background prints", async () => {
      const t = await terminal();
      const started = await t.command("sh -c 'sleep 0.3; echo from behind' &");
      assert.equal(started.status, "completed");
      await eventually("it is read", async () => {
        const read = await t.read(0);
        return read.kind === "read" && /from behind\n/.test(read.output.text);
      });
      assert.equal((await t.command(exits(8))).exitCode, 8);
    });

    it("knows folders with strange names", async () => {
      const t = await terminal();
      await mkdir(join(t.home, strangeName));
      const result = await t.command(shell.strangeFolder);
      assert.deepEqual([result.exitCode, result.cwd], [0, join(t.home, strangeName)], result.output.text);
      assert.equal((await t.command("cd ..")).cwd, t.home);
    });

    it("gives no secret of ours to programs, and no noise to who reads", async () => {
      const t = await terminal();
      await t.command("true");
      const { output } = await t.command("env");
      assert.doesNotMatch(output.text, /__cp_|cp=/);
      const person = await personAt(t);
      assert.deepEqual(await person.enter("printf side"), ["printf side", 0, "side"]);
      person.leave();
      await t.command("printf partial");
      await eventually("the prompt", async () => (await screen(t)).endsWith("person$"));
      const read = await t.read();
      assert.ok(read.kind === "read");
      assert.equal(read.output.text.trim(), "");
    });

    it("is interrupted by an abort, and lives on", async () => {
      const t = await terminal();
      const { pid } = await t.command("true");
      for (const command of ["sleep 100", shell.endlessLoop, "sh -c 'trap \"\" INT; sleep 100'"]) {
        const abort = new AbortController();
        const running = t.command(command, { signal: abort.signal });
        await eventually("it runs", () => t.terminals.list()[0]?.command === command && status(t) === "running");
        await new Promise((resolve) => setTimeout(resolve, 200));
        abort.abort();
        const result = await running;
        assert.equal(result.status, "completed", command);
        if (command === shell.endlessLoop) assert.equal(result.exitCode, shell.loopStatus);
        else assert.notEqual(result.exitCode, 0, command);
        assert.equal((await t.command("echo alive")).pid, pid, command);
      }
    });
  });
}

async function screen(t: TestTerminals): Promise<string> {
  const shown = await t.write("", 10);
  return shown.kind === "read" ? shown.output.text : "";
}

type Told = readonly [command: string, exitCode: number | null, output: string];

/** Somebody who sits at the terminal, waits for the prompt, enters a line and waits for what the agent is told of it. */
async function personAt(t: TestTerminals) {
  const told: Told[] = [];
  const listening = t.terminals.on((event) => {
    if (event.type !== "command-ended") return;
    const { command, exitCode, output } = event.command;
    told.push([command, exitCode, output.text]);
  });
  const attachment = await t.terminals.attach("main", () => {});
  return {
    async enter(line: string): Promise<Told | undefined> {
      const { length } = told;
      await eventually("the prompt", async () => /[$>]$/.test(await screen(t)));
      attachment?.write(`${line}\r`);
      await eventually(`it is told of: ${line}`, () => told.length > length);
      return told.at(-1);
    },
    leave() {
      listening.dispose();
      attachment?.dispose();
    },
  };
}
