import assert from "node:assert/strict";
import { itRuns, type ShellCase } from "../../support/shell-cases.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";

const cases: readonly ShellCase[] = [
  ["true", 0, ""],
  ["false", 1, ""],
  ["echo hello", 0, "hello\n"],
  ["printf 'no newline'", 0, "no newline"],
  ["(exit 42)", 42, ""],
  ["no-such-command-here", 127, /not found/],
  ["sh -c 'kill -TERM $$'", 143, ""],
  ["sh -c 'kill -INT $$'", 130, ""],
  ["echo one; sh -c 'kill -INT $$'; echo two", 130, /^one\n/],
  ["cat <<END\nfirst\n  second\nEND", 0, "first\n  second\n"],
  ["for i in 1 2 3; do\n  echo $i\ndone\necho end", 0, "1\n2\n3\nend\n"],
  ["f() {\n  return 7\n}\nf", 7, ""],
  ["# only a comment", 0, ""],
  ["echo before # and after", 0, "before\n"],
  ["", 0, ""],
  ["   ", 0, ""],
  ["\n\necho late\n\n", 0, "late\n"],
  ["echo a \\\n  b", 0, "a b\n"],
  ["echo ends in backslash\\", 0, /^ends in backslash/],
  ["echo 'unbalanced", 1, /unmatched '/],
  ['echo "unbalanced', 1, /unmatched "/],
  ["echo `unbalanced", 1, /unmatched `/],
  ["if true; then", 1, /parse error/],
  ["{ echo open", 1, /parse error/],
  ["cat <<END\nnever closed", 0, /never closed/],
  [")", 1, /parse error/],
  ["echo done after errors", 0, "done after errors\n"],
  ["return 3", 3, ""],
  ["true", 0, ""],
  ["echo ${nope:?is missing}; echo unreached", 1, /is missing/],
  ["readonly RO=1; RO=2", 1, /read-only/],
  ["typeset -A map; map[a]=b; local=1", 0, ""],
  ["echo ${map[a]}", 0, "b\n"],
  ["x='single'; y=\"double $x\"", 0, ""],
  ["echo $x $y", 0, "single double single\n"],
  ["false", 1, ""],
  ["echo $?", 0, "1\n"],
  ["echo '!!' !$ !nothing", 0, "!! !$ !nothing\n"],
  ["print -r 'a;b' 'c\\d' $'e\\ef' \"g'h\"", 0, /^a;b c\\d/],
  ["echo ünïcödé 日本語 🎉", 0, "ünïcödé 日本語 🎉\n"],
  ["sleep 300 & echo started", 0, /started\n$/],
  ["jobs %%", 0, /running/],
  ["kill %1; wait %1 2>/dev/null; true", 0, /.*/],
  ["clear; echo cleared", 0, "cleared\n"],
  ["tput smcup; echo on the other screen; tput rmcup; echo back", 0, /^back\n$/],
  ["stty size", 0, "30 120\n"],
  ["test -t 0 && test -t 1 && tty >/dev/null && echo tty", 0, "tty\n"],
  ["printf '\\e]633;D;0\\a'; sleep 0.05; (exit 5)", 5, ""],
  ["printf '\\e]633;D;cp=%s.1;0;/\\a' \"$__cp_key\"; sleep 0.05; (exit 7)", 7, ""],
  ["set -x; echo traced", 0, /traced/],
  ["echo still traced", 0, /still traced/],
  ["{ set +x; } 2>/dev/null", 0, /.*/],
  ["set -u; echo ${unset_variable}", 1, /not set/],
  ["set +u; setopt noclobber noglob", 0, ""],
  ["echo *; setopt glob clobber", 0, "*\n"],
  ["setopt ksh_arrays sh_word_split null_glob glob_subst ignore_braces err_return no_equals posix_builtins", 0, ""],
  ["echo odd", 0, "odd\n"],
  ["(exit 6)", 6, ""],
  ["emulate zsh", 0, ""],
  ["emulate sh", 0, ""],
  ["echo like sh; (exit 2)", 2, "like sh\n"],
  ["emulate ksh; echo like ksh", 0, "like ksh\n"],
  ["echo like ksh", 0, "like ksh\n"],
  ["emulate zsh; setopt no_prompt_cr no_prompt_sp", 0, ""],
  ["printf abc", 0, "abc"],
  ["setopt prompt_cr prompt_sp; PROMPT_EOL_MARK=''", 0, ""],
  ["printf abc", 0, "abc"],
  ["unset PROMPT_EOL_MARK", 0, ""],
  ["printf abc; kill -INT $$; sleep 1", 130, /^abc/],
  ["bindkey -v", 0, ""],
  ["echo vi", 0, "vi\n"],
  ["bindkey -A vicmd main", 0, ""],
  ["echo vi command", 0, "vi command\n"],
  ["bindkey -d; bindkey -e", 0, ""],
  ["echo emacs", 0, "emacs\n"],
  ["bindkey -N mine emacs; bindkey -A mine main", 0, ""],
  ["echo my keymap", 0, "my keymap\n"],
  ["bindkey -e; unsetopt zle", 0, ""],
  ["echo no line editor", 0, "no line editor\n"],
  ["(exit 8)", 8, ""],
  ["setopt zle", 0, ""],
  ["echo line editor", 0, "line editor\n"],
  ["setopt prompt_subst prompt_bang no_prompt_percent; PS1='$(date) ! %m> '", 0, ""],
  ["echo strange prompt", 0, "strange prompt\n"],
  ["setopt prompt_percent no_prompt_subst no_prompt_bang; PROMPT='%~ %# '; RPROMPT='%T'", 0, ""],
  ["echo two prompts", 0, "two prompts\n"],
  ["PS1=$'one\\n\\ntwo> ' PS2= RPS1=", 0, ""],
  ["precmd_functions=() preexec_functions=() zshaddhistory_functions=(); unset precmd_functions", 0, ""],
  ["echo no hooks", 0, "no hooks\n"],
  ["precmd_functions=(); sh -c 'kill -INT $$'", 130, /.*/],
  ["zle -D zle-line-init; zle -D __cp_load", 0, ""],
  ["echo widgets back", 0, "widgets back\n"],
  ["precmd() { echo noise; false; }; preexec() { echo loud; return 4 }", 0, ""],
  ["echo noisy", 0, "noisy\n"],
  ["(exit 9)", 9, ""],
  ["unfunction precmd preexec", 0, ""],
  ["TRAPINT() { return $((128 + $1)) }; TRAPZERR() { true }; TRAPDEBUG() { true }", 0, ""],
  ["echo trapped; (exit 3)", 3, "trapped\n"],
  ["unfunction TRAPINT TRAPZERR TRAPDEBUG", 0, ""],
  ["alias builtin=false print=false eval=false read=false; print() { echo mine; }; alias -g eval=x", 0, ""],
  ["echo aliased", 0, "aliased\n"],
  ["unalias -a; unfunction print", 0, ""],
  ["exec 3>&1; exec >/dev/null; echo hidden", 0, ""],
  ["exec >&3; exec 3>&-; echo visible", 0, "visible\n"],
  ["zsh -fic 'echo inner; exit 4'", 4, /inner\n/],
  ["head -c 3000 /dev/urandom", 0, /.*/s],
  ["printf '\\e[?1049l\\ec'; echo after binary", 0, /after binary\n$/],
  ["cd / && cd - >/dev/null; cd /usr", 0, ""],
  ["pwd", 0, "/usr\n"],
  ['cd -- "$HOME"', 0, ""],
];

describe("commands in zsh", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  before(async () => {
    t = await testTerminals({
      shell: "zsh",
      files: { ".zshrc": "echo 'the startup file prints'; PS1='person%% ' HISTSIZE=1000\n" },
    });
  });
  after(() => t.close());

  itRuns(cases, () => t, { timeoutMs: 3000 });

  it("keeps only the commands themselves in the history", async () => {
    const { output } = await t.command("fc -ln -400");
    assert.match(output.text, /cat <<END\\nfirst\\n {2}second\\nEND\n/);
    assert.match(output.text, /^echo hello\n/m);
    assert.doesNotMatch(output.text, /__cp_(cmd|end|load typed|begin)|codepilot/);
  });

  for (const [what, options, expected] of [
    ["HIST_IGNORE_SPACE", "setopt hist_ignore_space", [" echo kept?", "echo kept"]],
    ["HIST_IGNORE_DUPS", "setopt hist_ignore_dups", ["echo twice", "echo twice"]],
  ] as const) {
    it(`respects ${what}`, async () => {
      await t.command(options);
      for (const command of expected) await t.command(command);
      const { output } = await t.command("fc -ln -2");
      assert.equal(output.text, `${options}\n${expected[1]}\n`);
    });
  }

  it("asks no hook of the person's to remember our line", async () => {
    const hooks =
      'zshaddhistory() { print -r -- "$1" >> seen }; zshaddhistory_functions=(also); also() { zshaddhistory $1 }';
    await t.command(hooks);
    await t.command("echo anything");
    await t.write("echo by hand\r");
    assert.equal(
      (await t.command("cat seen; echo ${+functions[zshaddhistory]} $zshaddhistory_functions")).output.text,
      `${"echo by hand\n\n".repeat(2)}1 also\n`,
    );
    await t.command("unfunction zshaddhistory; zshaddhistory_functions=()");
  });

  it("leaves nothing of ours in the history file", async () => {
    await t.command("HISTFILE=~/.history SAVEHIST=1000; setopt inc_append_history share_history");
    await t.command("echo remembered");
    await t.command("echo 'two\nlines'; fc -W");
    const file = (await t.command("cat ~/.history")).output.text;
    assert.match(file, /^(: \d+:\d+;)?echo remembered\n/m);
    assert.match(file, /^(: \d+:\d+;)?echo 'two\\\nlines'/m);
    assert.doesNotMatch(file, /__cp_(cmd|end|load typed|begin)/);
  });
});
