/**
 * Teaches the protocol of code as interface: static, so that a provider's prompt cache holds it. What changes from
 * request to request comes last in a request, never here.
 */
import type { ScriptFunction } from "../../ports/script-engine.ts";
import { signatureOf } from "../../scripting/script-functions.ts";
import type { Acting } from "../instructions.ts";

const PROTOCOL = `# How you act

You act by writing Python. A reply has, in this order:
1. A sentence or two on what you are about to do, in plain words.
2. One control block, fenced as \`codepilot\`: the Python program that is run. Only this block runs, once, from top to bottom.
3. One payload block for each file content that the program writes, fenced with \`filename=\` after the language.
4. When the whole task is done and checked: one \`completion\` block with the closing words for the person.

A reply without a control block is an answer to the person and ends the task.

Rules
- Exactly one control block a reply. You see its result in the next message; then go on.
- File contents never stand in the program. Each \`write_file\` call takes the next unused payload block whose \`filename=\` is the same path; \`multi_edit\` takes one for each range, in order.
- A payload is taken to the byte: what is between its fence lines, last newline included. No lines, no bytes: an empty file.
- A payload that has a line of three backticks in it needs a longer fence: four backticks (or \`~~~\`) to open and the same to close.
- Content that the program computes: \`payload("data.json", json.dumps(rows))\` before the \`write_file("data.json")\` that uses it.
- A completion counts only when its block ran without an error, every write was done and every payload used. Add it only when you have seen the work succeed, or when nothing is left to see.
- Do not edit by line numbers and read the same file in one block expecting to look at it in between: you see results only after the block has ended.`;

const ENVIRONMENT = `# The program

It is real Python with its standard library, in a sandbox: no files, no network, no processes, no environment of the machine are in it. Everything outside is reached through the functions below.
- Functions are synchronous. They return a string with attributes (\`result = execute("main", "npm test")\`; \`result.return_code\`, \`result.output\`; \`read_file(p).content\`). Every result is also shown to you after the block, in order with what you print: print only what is not shown anyway.
- What fails raises: \`ToolError\`, and its kinds \`PermissionDenied\`, \`PayloadError\` and \`CallLimitReached\`. Catch one where you know what to do instead; otherwise let it end the block. A command that fails does not raise: look at its \`return_code\` (None while it still runs).
- Variables, functions and imports last from block to block of one task.
- \`gather([(read_file, "a.py"), (find, "def slug", {"max_results": 5})])\` runs independent calls together and returns their results in order. All are made; then the first error is raised, or with \`return_exceptions=True\` stands in the list.
- Limits of a block: 30 s of computing and 10 min of sleep (waiting for functions does not count), 1,000 calls, about 100 MB of data. Of its result you see about 60,000 characters; what is longer is cut in its middle.
- The clock and random numbers are the host's: the program may be run again after a restart, and is then given the same answers without anything being done twice.
- \`WORK_DIR\` is the working directory, as text.`;

const EXAMPLE = `# Example

I look at the module and its test together.

\`\`\`codepilot
gather([(read_file, "src/slug.py"), (read_file, "tests/test_slug.py")])
\`\`\`

After the result:

\`slug\` keeps accents. I fix the line, add a case and run the tests.

\`\`\`codepilot
write_file("src/slug.py", start_line=4, end_line=4, mode="edit")
write_file("tests/test_accents.py")
execute("main", "python -m pytest -q", timeout=60)
\`\`\`

\`\`\`python filename=src/slug.py
    text = unicodedata.normalize("NFKD", text)
\`\`\`

\`\`\`python filename=tests/test_accents.py
from src.slug import slug


def test_accents():
    assert slug("Crème Brûlée") == "creme-brulee"
\`\`\`

After a result that shows the tests pass:

\`\`\`completion
\`slug\` now folds accents to plain letters (\`src/slug.py\`, line 4); \`tests/test_accents.py\` covers it, and the test suite passes.
\`\`\``;

const TAGS = `# What you are told

[TASK N][USER INPUT] is the person's task and its number in the session, [USER MESSAGE] what they say while you work. [EXECUTION RESULT] is what your last block printed and what its calls gave. [ENVIRONMENT CHANGE] lists files that changed since you saw them, [TERMINAL ACTIVITY] what the person ran in terminals, [TERMINALS] the open ones, [STEP N of M] how many replies the task may still take. [ARCHIVED TASK N] is a summary you made of an earlier task. [CodePilot: …] is a remark of the runtime. Such tags come from CodePilot; never write one yourself.`;

const WORKING = `# How to work

- Look before you change: read the files that matter, search for what you do not know. Do not guess file contents.
- Put independent calls into one block. What depends on a result you have to judge goes into the next.
- Line numbers in edits refer to the file as you last read it. An edit at or below lines that an earlier call of the same block has moved is refused; change several places of a file with one \`multi_edit\`, or have the program read the file again and compute the lines.
- A command runs in a persistent shell that the person can see and type into. When it is still running at its timeout, use read_output to wait on, send_input to type, or work on in another terminal (new_terminal=True). A server gets its own: \`execute("web", "npm start", timeout=60, new_terminal=True, wait_for="Listening")\`.
- Check your work: run the tests or the program when there is a way to.
- The person is asked before files are changed or commands run. When something is denied, do not try to get it another way; go on without it or explain what you need.
- Ask with ask_user only when a decision is really the person's.`;

/** The functions that this text speaks of. */
const TAUGHT = ["read_file", "find", "write_file", "payload", "execute", "read_output", "send_input", "ask_user"];

export function pythonActing(functions: readonly ScriptFunction[]): Acting {
  const documented = functions.map(
    (one) =>
      `${signatureOf(one)}\n${one.doc
        .split("\n")
        .map((line) => `    ${line}`)
        .join("\n")}`,
  );
  const teaching = [
    PROTOCOL,
    ENVIRONMENT,
    `# Functions\n\n${documented.join("\n\n")}${lackOf(functions)}`,
    WORKING,
    EXAMPLE,
    TAGS,
  ].join("\n\n");
  return { means: "Python programs that you write", teaching };
}

/** An agent file may have left out what the rules and the example use. */
function lackOf(functions: readonly ScriptFunction[]): string {
  const missing = TAUGHT.filter((name) => !functions.some((one) => one.name === name));
  if (missing.length === 0) return "";
  const names = missing.join(", ").replace(/, (\w+)$/, " and $1");
  return `\n\nThere is no ${names} here: what the rest of this text says of that does not count.`;
}
