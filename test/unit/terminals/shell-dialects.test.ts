import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { dialectOf } from "../../../src/terminals/shells/index.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";

describe("shell dialects", () => {
  it("are chosen by the base name of the program", () => {
    for (const [file, program] of [
      ["bash", "bash"],
      ["/usr/local/bin/bash", "bash"],
      ["C:\\Program Files\\Git\\bin\\bash.exe", "bash"],
      ["/bin/zsh", "zsh"],
      ["fish", "fish"],
      ["/opt/microsoft/powershell/7/pwsh", "pwsh"],
      ["C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "powershell"],
    ] as const) {
      assert.ok(dialectOf(file)?.programs.includes(program), file);
    }
    for (const file of ["sh", "/bin/dash", "ksh", "rbash", "zsh-5.9-static", "", "/bash/"]) {
      assert.equal(dialectOf(file), null, file);
    }
  });

  for (const name of ["bash", "zsh", "fish"]) {
    it(`${name} finds no mistake in its bootstrap`, async function () {
      const file = await new NodePtySpawner().findShell(name);
      if (file === null) return this.skip();
      const folder = await mkdtemp(join(tmpdir(), "codepilot-test-"));
      try {
        const written: string[] = [];
        const write = async (path: string, content: string) => {
          const whole = join(folder, "it's a\\b", path);
          await mkdir(dirname(whole), { recursive: true });
          await writeFile(whole, content);
          written.push(whole);
          return whole;
        };
        const start = {
          key: "00ff",
          commandFile: join(folder, "it's a\\b"),
          lineFeedFile: join(folder, "it's b"),
          env: {},
          write,
        };
        await dialectOf(name)?.prepare({ ...start, loadPersonal: true });
        assert.ok(written.length > 0);
        for (const path of written) {
          const checked: { status: number | null; stderr: string } = spawnSync(file, ["-n", path], {
            encoding: "utf8",
          });
          assert.deepEqual([checked.status, checked.stderr], [0, ""], path);
        }
      } finally {
        await removeFolder(folder);
      }
    });
  }
});

describe("the startup of zsh", function () {
  this.timeout(120_000);
  const open: TestTerminals[] = [];
  async function zsh(files: Record<string, string>, env: Record<string, string> = {}, shell = "zsh") {
    const t = await testTerminals({ shell, files, env });
    open.push(t);
    return t;
  }
  before(async function () {
    if ((await new NodePtySpawner().findShell("zsh")) === null) this.skip();
  });
  afterEach(async () => {
    for (const t of open.splice(0)) await t.close();
  });

  it("loads the person's files as ever, and leaves ZDOTDIR as it was", async () => {
    const t = await zsh({
      ".zshenv": "LOADED=env",
      ".zprofile": "LOADED+=,profile",
      ".zshrc": "LOADED+=,rc; HISTFILE=${ZDOTDIR:-~}/.history",
    });
    const { output } = await t.command('echo "$LOADED [${ZDOTDIR-unset}] $HISTFILE"');
    assert.equal(output.text, `env,rc [unset] ${t.home}/.history\n`);
  });

  it("finds them where the person has put them", async () => {
    const files = { ".zshenv": "export ZDOTDIR=~/dots", "dots/.zshrc": "LOADED=there" };
    const moved = await zsh(files);
    assert.equal((await moved.command('echo "$LOADED $ZDOTDIR"')).output.text, `there ${moved.home}/dots\n`);
    const folder = await mkdtemp(join(tmpdir(), "codepilot-test-"));
    try {
      await writeFile(join(folder, ".zshrc"), "LOADED=elsewhere");
      const given = await zsh({ ".zshrc": "LOADED=home" }, { ZDOTDIR: folder });
      const { output } = await given.command('echo "$LOADED"; zsh -ic \'echo "$ZDOTDIR $LOADED"\'');
      assert.equal(output.text, `elsewhere\n${folder} elsewhere\n`);
    } finally {
      await removeFolder(folder);
    }
  });

  for (const [what, files] of [
    ["switches startup files off", { ".zshenv": "unsetopt rcs" }],
    ["is not valid", { ".zshrc": "if then (" }],
    ["returns early", { ".zshrc": "return 1" }],
    [
      "sets options in the way",
      { ".zshrc": "setopt ksh_arrays sh_word_split no_unset err_return no_nomatch glob_subst" },
    ],
    ["traces everything", { ".zshrc": "set -x" }],
    ["speaks another dialect", { ".zshrc": "emulate ksh" }],
    ["takes all hooks", { ".zshrc": "precmd_functions=(); zle-line-init() { :; }; zle -N zle-line-init" }],
    ["lets nobody change its prompts", { ".zshrc": "typeset -r PROMPT='ro> ' PROMPT_EOL_MARK='' HISTFILE=~/h" }],
    ["has no line editor", { ".zshrc": "unsetopt zle" }],
    ["ends the shell early", { ".zshenv": "exit 3" }],
  ] as const) {
    it(`takes commands when a startup file ${what}`, async () => {
      const t = await zsh(files);
      const result = await t.command("echo works; (exit 7)");
      assert.deepEqual([result.status, result.exitCode], ["completed", 7], result.output.text);
      assert.match(result.output.text, /^works$/m);
      assert.equal((await t.command("(exit 8)")).exitCode, 8);
    });
  }

  it("takes commands when a startup file makes errors end the shell", async () => {
    const t = await zsh({ ".zshrc": "set -e" });
    assert.equal((await t.command("echo works; (exit 7) || echo softly")).output.text, "works\nsoftly\n");
    const ended = await t.command("(exit 7)");
    assert.deepEqual([ended.status, ended.exitCode], ["exited", 7]);
  });

  it("says that the end is not known where the system leads zsh past the bootstrap", async () => {
    const t = await zsh({ "bin/zsh": '#!/bin/sh\nZDOTDIR=$HOME exec zsh "$@"\n', ".zshrc": "PS1='p> '" });
    await chmod(join(t.home, "bin/zsh"), 0o755);
    const opened = await t.terminals.open({ name: "past", shell: join(t.home, "bin/zsh"), createdBy: "agent" });
    assert.equal(opened.kind, "opened");
    const result = await t.command("echo $((6 * 7))", { terminal: "past" });
    assert.equal(result.status, "unknown");
    assert.match(result.output.text, /42/);
  });
});
