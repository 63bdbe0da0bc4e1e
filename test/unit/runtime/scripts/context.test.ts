/** What a program's world does around it: changed files, and tasks that it puts away. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { ModelInput } from "../../../../src/ports/model-client.ts";
import { buildRequest } from "../../../../src/runtime/context-builder.ts";
import { ToolRegistry } from "../../../../src/runtime/tool-registry.ts";
import { scriptFunctions, signatureOf } from "../../../../src/scripting/script-functions.ts";
import { createContextTools } from "../../../../src/tools/index.ts";
import { openPythonSession, reply } from "../../../support/python-session.ts";

const userTexts = (input: readonly ModelInput[] | undefined) =>
  (input ?? []).flatMap((item) => (item.kind === "user" ? [item.text] : []));

describe("the context of programs", function () {
  this.timeout(120_000);

  it("offers the three context tools with the arguments they are known by", () => {
    const functions = scriptFunctions(new ToolRegistry(createContextTools()).specs());
    assert.deepEqual(functions.map(signatureOf), [
      "archive_context(position, summary)",
      "reveal_context(position, start_line=None, end_line=None)",
      "list_archived_context()",
    ]);
  });

  it("has an environment change before the next request, after the result of the program", async () => {
    let root = "";
    await using session = await openPythonSession({ "a.txt": "1\n2\n" }, (_request, index) => {
      if (index === 1) writeFileSync(`${root}/a.txt`, "1\nsomebody else\n");
      if (index === 0) return { text: reply({ code: 'read_file("a.txt")\n' }) };
      if (index === 1) return { text: reply({ code: 'print("thinking")\n' }) };
      return { text: "Done." };
    });
    root = session.workspace.root;
    await session.runtime.run("Look at a.txt");
    const texts = userTexts(session.model.requests.at(-1)?.input);
    assert.match(texts.at(-2) ?? "", /^\[EXECUTION RESULT\]\n[\s\S]*thinking/);
    assert.match(
      texts.at(-1) ?? "",
      /^\[ENVIRONMENT CHANGE\]\n[\s\S]*\na\.txt: changed, line 2\n {4}2 \| somebody else$/,
    );
  });

  it("has the images that a program has read with its result, up to a number, and the same objects in each request", async () => {
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    const code = 'for name in ["a.png"] * 22: read_file(name)\n';
    await using session = await openPythonSession({ "a.png": png }, [reply({ code }), "Seen."]);
    await session.runtime.run("Look at it");
    const told = session.model.requests.at(-1)?.input.at(-1);
    assert.ok(told?.kind === "user");
    assert.equal(told.images?.length, 20);
    assert.deepEqual(told.images[0], { mediaType: "image/png", data: png.toString("base64") });
    assert.match(told.text, /attached[\s\S]*\[2 more images are not shown/);
    const sources = { instructions: "", tools: [], settings: {} };
    const [first, second] = [1, 2].map(() => buildRequest(session.runtime.state, "m", sources).input);
    assert.ok(first && first.length >= 4);
    for (const [index, input] of first.entries()) assert.equal(input, second?.[index]);
  });

  it("has each terminal as it is at the request: one runs, one has ended its command", async () => {
    await using session = await openPythonSession({}, [
      reply({
        code: 'execute("busy", "cat", new_terminal=True, timeout=0.2)\nexecute("free", "true", new_terminal=True)\n',
      }),
      reply({ code: 'send_input("busy", "\\u0004", timeout=5)\n' }),
      "Done.",
    ]);
    await session.runtime.run("Open terminals");
    const contexts = session.model.requests.slice(1).map(({ input }) => input.at(-1));
    assert.deepEqual(contexts, [
      { kind: "context", text: "[TERMINALS]\n- busy: bash, running cat\n- free: bash, idle" },
      { kind: "context", text: "[TERMINALS]\n- busy: bash, idle\n- free: bash, idle" },
    ]);
  });

  it("is put away, listed and shown again by functions", async () => {
    const code = [
      'archive_context((1, 2), ("First: said hello.", "Second: said it again."))',
      "archived = list_archived_context()",
      'assert "2 of 3 tasks archived" in archived, archived',
      "original = reveal_context(1)",
      'assert "Say hello" in original, original',
      "try:",
      '    archive_context(3, "This one.")',
      "except ToolError as error:",
      "    print(error)",
      "",
    ].join("\n");
    await using session = await openPythonSession({}, [
      "Hello.",
      "Hello again.",
      reply({ code }),
      reply({ code: "print('next')\n", completion: "Tidied up." }),
    ]);
    await session.runtime.run("Say hello");
    await session.runtime.run("And again");
    await session.runtime.run("Tidy up");
    const [before, after] = session.model.requests.slice(-2).map(({ input }) => userTexts(input));
    assert.equal(before?.[0], "[TASK 1][USER INPUT]\nSay hello");
    assert.deepEqual(after?.slice(0, 3), [
      "[ARCHIVED TASK 1]\nFirst: said hello.\n(original kept: reveal_context(1) shows it)",
      "[ARCHIVED TASK 2]\nSecond: said it again.\n(original kept: reveal_context(2) shows it)",
      "[TASK 3][USER INPUT]\nTidy up",
    ]);
    assert.match(after?.[3] ?? "", /task 3: ERROR: it is the active task/);
    assert.deepEqual(
      session.scripts().map((script) => script.outcome?.status),
      ["completed", "completed"],
    );
  });
});
