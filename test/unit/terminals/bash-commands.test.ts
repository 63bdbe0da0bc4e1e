import assert from "node:assert/strict";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { itRuns, type ShellCase } from "../../support/shell-cases.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";

const cases: readonly ShellCase[] = [
  ["true", 0, ""],
  ["false", 1, ""],
  ["echo hello", 0, "hello\n"],
  ["printf 'no newline'", 0, "no newline"],
  ["(exit 42)", 42, ""],
  ["no-such-command-here", 127, /not found/],
  ["sh -c 'kill -TERM $$'", 143, /Terminated/],
  ["sh -c 'kill -INT $$'", 130, /.*/],
  ["echo one; sh -c 'kill -INT $$'; echo two", 130, /^one\n/],
  ["cat <<END\nfirst\n  second\nEND", 0, "first\n  second\n"],
  ["for i in 1 2 3; do\n  echo $i\ndone\necho end", 0, "1\n2\n3\nend\n"],
  ["f() {\n  return 7\n}\nf", 7, ""],
  ["true again || true", 0, ""],
  ["# only a comment", 0, ""],
  ["", 0, ""],
  ["   ", 0, ""],
  ["\n\necho late\n\n", 0, "late\n"],
  ["echo a \\\n  b", 0, "a b\n"],
  ["echo ends in backslash\\", 0, /^ends in backslash/],
  ["echo 'unbalanced", 2, /unexpected EOF/],
  ['echo "unbalanced', 2, /unexpected EOF/],
  ["echo `unbalanced", 2, /unexpected EOF/],
  ["if true; then", 2, /syntax error/],
  ["{ echo open", 2, /syntax error/],
  ["cat <<END\nnever closed", 0, /never closed/],
  [")", 2, /syntax error/],
  ["echo done after errors", 0, "done after errors\n"],
  ["return 3", 2, /can only `return'/],
  ["break", 0, /only meaningful/],
  ["echo ${nope:?is missing}; echo unreached", 1, /is missing/],
  ["readonly RO=1; RO=2", 1, /readonly/],
  ["declare -A map; map[a]=b; local=1", 0, ""],
  ["echo ${map[a]}", 0, "b\n"],
  ["x='single'; y=\"double $x\"", 0, ""],
  ["echo $x $y", 0, "single double single\n"],
  ["false", 1, ""],
  ["echo $?", 0, "1\n"],
  ["echo '!!' !$ !nothing", 0, "!! !$ !nothing\n"],
  ["printf '%s|' 'a;b' 'c\\d' $'e\\ef' \"g'h\"; echo", 0, /a;b\|c\\d\|/],
  ["echo ünïcödé 日本語 🎉", 0, "ünïcödé 日本語 🎉\n"],
  ["sleep 300 & echo started", 0, /started\n$/],
  ["jobs %%", 0, /Running/],
  ["kill %1; wait %1 2>/dev/null; true", 0, /.*/],
  ["clear; echo cleared", 0, "cleared\n"],
  ["printf '\\e]0;title\\a\\e[31mred\\e[0m\\n'", 0, "red\n"],
  ["for i in 10 50 100; do printf '\\r%d%%' $i; done; echo", 0, "100%\n"],
  ["printf 'a\\rb\\n'; printf 'abc\\b\\bX\\n'", 0, "b\naXc\n"],
  ["tput smcup; echo on the other screen; tput rmcup; echo back", 0, /^back\n$/],
  ["stty size", 0, "30 120\n"],
  ["test -t 0 && test -t 1 && tty >/dev/null && echo tty", 0, "tty\n"],
  ["printf '\\e]633;D;0\\a'; sleep 0.05; (exit 5)", 5, ""],
  ["printf '\\e]633;D;cp=00112233445566778899aabb.1;0\\a'; sleep 0.05; (exit 6)", 6, ""],
  ["printf '\\e]633;D;cp=%s.1;0;/\\a' \"$__cp_key\"; sleep 0.05; (exit 7)", 7, ""],
  ["set -x; echo traced", 0, /traced/],
  ["{ set +x; } 2>/dev/null", 0, /.*/],
  ["set -u; echo ${unset_variable}", 1, /unbound/],
  ["set +u; set -o noclobber; set -f", 0, ""],
  ["echo *; set +f +o noclobber", 0, "*\n"],
  ["IFS=0123456789; echo fine", 0, "fine\n"],
  ["unset IFS; echo $((1 + 1))", 0, "2\n"],
  ["set -o vi", 0, ""],
  ["echo vi", 0, "vi\n"],
  ["set -o emacs; set -o posix", 0, ""],
  ["echo posix; set +o posix", 0, "posix\n"],
  ["shopt -u promptvars", 0, ""],
  ["echo no promptvars; shopt -s promptvars", 0, "no promptvars\n"],
  ["PS1='> '; PS2=; PS0=", 0, ""],
  ["echo plain prompt", 0, "plain prompt\n"],
  ["unset PROMPT_COMMAND PS0", 0, ""],
  ["echo no prompt command", 0, "no prompt command\n"],
  ["PROMPT_COMMAND='echo noise; false'", 0, ""],
  ["echo noisy prompt", 0, "noisy prompt\n"],
  ["export PS1='\\w\\n\\$ ' PROMPT_COMMAND='PS1=\"$(date)> \"'", 0, ""],
  ["echo rebuilt prompt", 0, "rebuilt prompt\n"],
  ["unset PROMPT_COMMAND; sh -c 'kill -INT $$'", 130, /.*/],
  ["PS1=; sh -c 'kill -INT $$'", 130, /.*/],
  ["trap 'true debug' DEBUG; trap 'true err' ERR", 0, ""],
  ["echo trapped; (exit 3)", 3, "trapped\n"],
  ["trap - DEBUG ERR", 0, ""],
  ["alias builtin=false printf=false eval=false read=false; printf() { echo mine; }", 0, ""],
  ["echo aliased", 0, "aliased\n"],
  ["unalias -a; unset -f printf", 0, ""],
  ["exec 3>&1; exec >/dev/null; echo hidden", 0, ""],
  ["exec >&3; exec 3>&-; echo visible", 0, "visible\n"],
  ["bash --norc -ic 'echo inner; exit 4'", 4, /inner\n/],
  ["bash --norc <<< 'echo \"[$PS1]\"'", 0, "[]\n"],
  ["python3 -c 'import sys; sys.stdout.write(\"x\" * 100000)' | wc -c", 0, /100000/],
  ["head -c 3000 /dev/urandom", 0, /.*/s],
  ["printf '\\e[?1049l\\ec'; echo after binary", 0, /after binary\n$/],
  ["cd / && cd - >/dev/null; cd /usr", 0, ""],
  ["pwd", 0, "/usr\n"],
  ['cd -- "$HOME"', 0, ""],
];

describe("commands in bash", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  before(async () => {
    t = await testTerminals({ bashrc: "echo 'the startup file prints'; PS1='person$ '\n" });
  });
  after(() => t.close());

  itRuns(cases, () => t);

  it("keeps only the commands themselves in the history", async () => {
    const { output } = await t.command("history");
    assert.match(output.text, /\d+ {2}cat <<END\nfirst\n {2}second\nEND\n/);
    assert.match(output.text, /\d+ {2}echo hello\n/);
    assert.doesNotMatch(output.text, /__cp_(run|end|load|begin)|codepilot/);
  });

  it("reports the folder after cd, strange names included", async () => {
    const name = "a;b\\x20 'c'\nd";
    await mkdir(join(t.home, name));
    const result = await t.command(`cd ${"$'a;b\\\\x20 \\'c\\'\\nd'"}`);
    assert.equal(result.cwd, join(t.home, name));
    assert.equal(t.terminals.list()[0]?.cwd, join(t.home, name));
    // The folder vanishes under the shell.
    await rm(join(t.home, name), { recursive: true });
    assert.equal((await t.command("echo still here")).output.text, "still here\n");
    await t.command("cd");
  });

  it("takes a command of 1 MB and output of 1 MB without a newline", async () => {
    const long = await t.command(`x='${"y".repeat(1_000_000)}'; echo \${#x}`);
    assert.equal(long.output.text, "1000000\n");
    const line = await t.command("head -c 1000000 /dev/zero | tr '\\0' z", { maxOutputChars: 1000 });
    assert.equal(line.output.droppedChars, 1_000_000 - 1000);
    assert.match(line.output.text, /^z{500}\n\[… 999000 characters omitted …\]\nz{500}$/);
  });

  it("gives no secret of ours to programs", async () => {
    const { output } = await t.command("env; cat /proc/$$/environ | tr '\\0' '\\n'");
    assert.doesNotMatch(output.text, /__cp_/);
  });

  it("knows the results by id", async () => {
    await t.command("echo kept; (exit 9)", { commandId: "keep-me" });
    const look = { timeoutMs: 0, signal: new AbortController().signal };
    const result = await t.terminals.follow({ commandId: "keep-me", ...look });
    assert.equal(result?.exitCode, 9);
    assert.equal(result?.output.text, "kept\n");
    assert.equal(await t.terminals.follow({ commandId: "never", ...look }), null);
    assert.deepEqual([t.terminals.knows("keep-me"), t.terminals.knows("never")], [true, false]);
  });

  it("does not end a command by recorded output of an earlier one", async () => {
    await t.command("script -qc true recorded >/dev/null 2>&1 || printf x > recorded");
    const result = await t.command("cat recorded; printf '\\e]633;D;cp=%s.%s;0;/\\a' 0 1; (exit 8)");
    assert.equal(result.exitCode, 8);
    assert.ok(await readFile(join(t.home, "recorded"), "utf8"));
  });
});
