import assert from "node:assert/strict";
import { itRuns, type ShellCase } from "../../support/shell-cases.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";

const cases: readonly ShellCase[] = [
  ["true", 0, ""],
  ["false", 1, ""],
  ["echo hello", 0, "hello\n"],
  ["printf 'no newline'", 0, "no newline"],
  ["sh -c 'exit 42'", 42, ""],
  ["no-such-command-here", 127, /Unknown command/],
  ["sh -c 'kill -TERM $$'", 143, /.*/],
  ["sh -c 'kill -INT $$'", 130, /.*/],
  ["for i in 1 2 3\n  echo $i\nend\necho done", 0, "1\n2\n3\ndone\n"],
  ["function f\n  return 7\nend\nf", 7, ""],
  ["# only a comment", 0, ""],
  ["# one\n  # two", 0, ""],
  ["# one\necho two", 0, "two\n"],
  ["echo before # and after", 0, "before\n"],
  ["", 0, ""],
  ["   ", 0, ""],
  ["\n\necho late\n\n", 0, "late\n"],
  ["echo a \\\n  b", 0, "a b\n"],
  ["echo ends in backslash\\", 0, /^ends in backslash/],
  ["echo 'unbalanced", 123, /quotes are not balanced/],
  ['echo "unbalanced', 123, /quotes are not balanced/],
  ["if true", 123, /Missing end|missing end/i],
  ["begin; echo open", 123, /missing end/i],
  ["echo (", 123, /expecting '\)'/],
  ["echo )", 123, /.+/],
  ["echo $(", 123, /.+/],
  ["end", 123, /.+/],
  ["echo done after errors", 0, "done after errors\n"],
  ["return 3", 3, ""],
  ['set -g x single; set y "double $x"', 0, ""],
  ["echo $x $y", 0, "single double single\n"],
  ["set -l loc 1; echo $loc", 0, "1\n"],
  ["false", 1, ""],
  ["echo $status", 0, "1\n"],
  ["echo '!!' !nothing", 0, "!! !nothing\n"],
  ["printf '%s|' 'a;b' 'c\\d' \"g'h\"; echo", 0, "a;b|c\\d|g'h|\n"],
  ["echo ünïcödé 日本語 🎉", 0, "ünïcödé 日本語 🎉\n"],
  ["sleep 300 & echo started", 0, /started\n$/],
  ["jobs", 0, /running/],
  ["kill %1; wait; true", 0, /.*/],
  ["clear; echo cleared", 0, "cleared\n"],
  ["tput smcup; echo on the other screen; tput rmcup; echo back", 0, /^back\n$/],
  ["stty size", 0, "30 120\n"],
  ["test -t 0 && test -t 1 && tty >/dev/null && echo tty", 0, "tty\n"],
  ["printf '\\e]633;D;0\\a'; sleep 0.05; sh -c 'exit 5'", 5, ""],
  ["printf '\\e]633;D;cp=%s.1;0;/\\a' \"$__cp_key\"; sleep 0.05; sh -c 'exit 7'", 7, ""],
  ["set -g fish_trace 1; echo traced", 0, /traced/],
  ["echo still traced", 0, /still traced/],
  ["set -e fish_trace", 0, /.*/],
  ["abbr --add hello 'echo expanded'; function hello; echo not expanded; end", 0, ""],
  ["hello", 0, "not expanded\n"],
  ["fish_vi_key_bindings", 0, ""],
  ["echo vi", 0, "vi\n"],
  ["hello", 0, "not expanded\n"],
  ["fish_default_key_bindings; echo emacs", 0, "emacs\n"],
  ["bind --erase --all", 0, ""],
  ["echo still bound", 0, "still bound\n"],
  ["fish_default_key_bindings; true", 0, ""],
  ["function fish_prompt; echo one; echo; echo -n 'two> '; end; function fish_right_prompt; echo right; end", 0, ""],
  ["echo strange prompt", 0, "strange prompt\n"],
  ["functions fish_prompt | string match '*__cp*'", 1, ""],
  ["functions --erase fish_prompt", 0, ""],
  ["echo no prompt", 0, "no prompt\n"],
  ["function fish_prompt; end", 0, ""],
  ["echo empty prompt", 0, "empty prompt\n"],
  ["function fish_prompt; return 9; end; function fish_right_prompt; end", 0, ""],
  ["echo failing prompt", 0, "failing prompt\n"],
  ["functions --erase __cp_postexec; sh -c 'exit 4'", 4, ""],
  ["function noisy --on-event fish_prompt; echo noise; false; end", 0, ""],
  ["function loud --on-event fish_preexec; echo loud; end", 0, ""],
  ["echo noisy; sh -c 'exit 5'", 5, /noisy\n$/],
  ["functions --erase noisy loud", 0, /.*/],
  ["function commandline; end; function bind; end; function functions; end; function history; end", 0, ""],
  ["sh -c 'exit 6'", 6, ""],
  ["echo 'unbalanced", 123, /quotes are not balanced/],
  ["builtin functions --erase commandline bind functions history", 0, ""],
  ["fish --no-config -c 'echo inner; exit 4'", 4, "inner\n"],
  ["head -c 3000 /dev/urandom", 0, /.*/s],
  ["printf '\\e[?1049l\\ec'; echo after binary", 0, /after binary\n$/],
  ["cd / && cd - >/dev/null; cd /usr", 0, ""],
  ["pwd", 0, "/usr\n"],
  ['cd -- "$HOME"', 0, ""],
];

describe("commands in fish", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  before(async () => {
    t = await testTerminals({
      shell: "fish",
      files: {
        ".local/share/fish/generated_completions/none.fish": "",
        ".config/fish/config.fish": "echo the startup file prints\n",
      },
    });
  });
  after(() => t.close());

  itRuns(cases, () => t, { timeoutMs: 3000 });

  it("keeps only the commands themselves in the history", async () => {
    const { output } = await t.command("history | cat");
    assert.match(output.text, /^for i in 1 2 3\n {2}echo \$i\nend\necho done\n/m);
    assert.match(output.text, /^echo hello\n/m);
    assert.doesNotMatch(output.text, /__cp_(cmd|line|load)|codepilot/);
  });

  it("leaves nothing of ours in the history file", async () => {
    await t.command("history save");
    const file = (await t.command("cat ~/.local/share/fish/fish_history")).output.text;
    assert.match(file, /cmd: echo hello\n/);
    assert.doesNotMatch(file, /__cp_(cmd|line|load)/);
  });

  it("offers nothing of ours to the person who looks back", async () => {
    await t.command("echo remembered");
    await t.command("echo 'unbalanced");
    await t.write("\x1b[A\r");
    const read = await t.read();
    assert.ok(read.kind === "read");
    assert.equal(read.command?.command, "echo remembered");
  });

  it("goes on after Ctrl-C has ended the person's prompt while it was drawn", async () => {
    await t.command("functions --copy fish_prompt usual; function fish_prompt; sleep 0.3; echo '> '; end");
    for (let round = 0; round < 3; round++) {
      await t.write("\x03", 100);
      await t.write("\r", 600);
      const { output } = await t.command("echo here");
      assert.equal(output.text, "here\n");
    }
    const { output } = await t.command("functions fish_prompt __cp_their_prompt | grep -c '__cp_their_prompt$'");
    assert.equal(output.text.trim(), "1");
    await t.command("functions --erase fish_prompt; functions --copy usual fish_prompt");
  });
});
