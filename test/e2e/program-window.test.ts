/**
 * A session whose model acts through Python, as a person meets it in the window: the program runs before their eyes, asks,
 * is stopped, and survives a reload. The model is scripted; interpreter, terminals, files and workbench are real.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answerInput, quickRow, readMessage, runCommand } from "../support/host/workbench.ts";
import { reply } from "../support/python-session.ts";
import { AgentWindow, say } from "./support/agent-window.ts";

const FIXED = "  return Math.round(subtotal(items) * (1 - percent / 100));\n";
/** As a model writes: a reply of 1 kB takes a second and a half. */
const slowly = { deltaSize: 6, chunkSize: 400, chunkDelayMs: 30 };

const repair = reply({
  words: "The discount is rounded too early. I correct that line and run the tests.",
  code: [
    'cart = read_file("src/cart.js")',
    'print("lines:", cart.total_lines)',
    'write_file("src/cart.js", mode="edit", start_line=10, end_line=10)',
    'result = execute("main", "npm test", timeout=60)',
    'print("exit code:", result.return_code)',
    "assert result.return_code == 0",
  ].join("\n"),
  files: [["src/cart.js", FIXED]],
  completion: "**All tests pass**: the discount is rounded once, in `src/cart.js`.",
});

describe("a program in the window", function () {
  this.timeout(120_000);
  let window: AgentWindow;

  before(async () => {
    window = await AgentWindow.open({
      settings: { "codepilot.interface": "python" },
      prepareWorkspace: (folder) =>
        writeFileSync(join(folder, "agent.yaml"), "name: Caller\ninterface: tools\ntools: [{ name: find }]\n"),
    });
    await window.showPanel();
  });
  after(async () => window?.close());
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      console.log(`      picture: ${await window.picture(`failed ${this.currentTest.title}`)}`);
    }
    await window.settle();
  });

  const card = () => window.panel.getByRole("region", { name: /^Python/ }).last();
  const head = () => window.panel.getByRole("button", { name: /^Python/ }).last();
  const runningLine = () => card().locator(".program-line.running");

  /** Everything that the timeline shows from now on, as long as the page lives. */
  async function watchWords(): Promise<() => Promise<string[]>> {
    const main = window.panel.locator("main");
    await main.evaluate((element) => {
      const seen: string[] = [];
      const watched = globalThis as unknown as { seen: string[] };
      watched.seen = seen;
      const { MutationObserver: Observer } = globalThis as unknown as {
        MutationObserver: new (told: () => void) => { observe(what: unknown, how: object): void };
      };
      new Observer(() => {
        const { innerText } = element as unknown as { innerText: string };
        if (innerText !== seen.at(-1)) seen.push(innerText);
      }).observe(element, { subtree: true, childList: true, characterData: true });
    });
    return () => main.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  }

  it("is written, asks, writes and ends before the person's eyes; no fence is ever seen", async () => {
    await window.freshTask([say(repair, slowly)]);
    const words = await watchWords();
    await window.send("Make the tests pass");
    await card().getByText("Writing program…").waitFor({ timeout: 30_000 });
    await window.picture("70 a program is written");
    const asked = await window.modal.innerText({ timeout: 60_000 });
    assert.match(asked, /change src\/cart\.js/);
    await runningLine().getByText("write_file").waitFor();
    assert.match(await head().innerText(), /2 calls[\s\S]*Waiting for you/);
    await card().page().waitForTimeout(300);
    const tint = await runningLine().evaluate(
      (line) =>
        (globalThis as unknown as { getComputedStyle(of: unknown): { backgroundColor: string } }).getComputedStyle(line)
          .backgroundColor,
    );
    assert.notEqual(tint, "rgba(0, 0, 0, 0)", "the theme has a colour for the line that runs");
    await window.picture("71 a program asks");
    await window.answerModal("Allow once", "src/cart.js");
    await window.answerModal("Allow once", "npm test");
    await window.words("All tests pass").waitFor({ timeout: 60_000 });
    await window.idle();
    assert.match(window.read("src/cart.js"), /Math\.round\(subtotal/);
    assert.match(await head().innerText(), /src\/cart\.js[\s\S]*\+1[\s\S]*3 calls[\s\S]*Completed/);
    await window.panel.getByText("Result", { exact: true }).waitFor();
    await window.picture("72 a program has ended");
    const seen = await words();
    assert.ok(seen.length > 10, `${seen.length} states`);
    assert.deepEqual(
      seen.filter((text) => /```|filename=|\bcompletion\b/.test(text)),
      [],
    );
    assert.deepEqual(await window.accessibilityProblems(), []);
  });

  it("opens again with its lines, files, calls and output", async () => {
    await head().click();
    await card().locator(".program-line").nth(5).waitFor();
    await window.panel.getByRole("button", { name: "Jump to latest" }).click();
    await window.panel.getByText("exit code: 0").waitFor();
    await head().scrollIntoViewIfNeeded();
    await window.panel.getByRole("button", { name: "Show the write of src/cart.js" }).click();
    await window.panel.getByRole("button", { name: /^Edit src\/cart\.js/ }).waitFor();
    await window.picture("73 a program opened");
    await window.panel.getByRole("button", { name: "Open changes of src/cart.js" }).click();
    await window.page
      .getByRole("tab", { name: /cart\.js/ })
      .first()
      .waitFor();
    await runCommand(window.page, "View: Close All Editors");
  });

  it("is stopped from its card; the turn goes on and the model is told", async () => {
    const before = window.model.requests.length;
    await window.freshTask([
      say(reply({ words: "I wait.", code: 'print("going round")\nwhile True:\n    pass' })),
      say(reply({ words: "", completion: "You stopped it; I do not try again." })),
    ]);
    await window.send("Wait for ever");
    await window.panel.locator(".row-program-end").getByText("going round").waitFor({ timeout: 60_000 });
    await runningLine().getByText("print").waitFor();
    await window.picture("74 a program without end");
    const button = window.panel.getByRole("button", { name: "Stop program" });
    await button.focus();
    await window.page.keyboard.press("Enter");
    await window.words("Stopped. What it had done stands.").waitFor({ timeout: 20_000 });
    await window.words("You stopped it; I do not try again.").waitFor({ timeout: 30_000 });
    await window.idle();
    await window.panel.getByText("Done", { exact: true }).last().waitFor();
    await window.picture("75 a program was stopped");
    assert.equal(window.model.requests.length - before, 2);
    assert.match(window.toolResult(/stopped this block/), /going round/);
  });

  it("shows the line of an error and goes on in a further program", async () => {
    await window.freshTask([
      say(reply({ code: 'print("first")\nread_file("missing.txt")', completion: "Never to be seen as an answer." })),
      say(reply({ words: "It is not there.", completion: "There is no such file." })),
    ]);
    await window.send("Read it");
    await window.words("There is no such file.").waitFor({ timeout: 60_000 });
    await window.idle();
    await window.panel.locator(".program-line.error").getByText("missing.txt").waitFor();
    await window.words("Closing words that did not count").waitFor();
    assert.equal(await window.words("Never to be seen as an answer.").count(), 0);
    await window.picture("76 a program failed");
  });

  it("comes back after a reload in the middle of it, is resumed, and has every effect once", async () => {
    const before = window.model.requests.length;
    await window.freshTask([
      say(
        reply({
          words: "Three steps.",
          code: [
            'print("at", __import__("time").time())',
            'write_file("first.txt")',
            'execute("main", "echo second >> effects.txt")',
            "print(open)",
          ].join("\n"),
          files: [["first.txt", "first\n"]],
          completion: "All three steps are done.",
        }),
      ),
    ]);
    await window.send("Do three things");
    await window.answerModal("Allow once", "first.txt");
    await window.modal.filter({ hasText: "effects.txt" }).waitFor({ timeout: 30_000 });
    assert.equal(window.read("first.txt"), "first\n");
    assert.equal(existsSync(join(window.workspace, "effects.txt")), false);
    await window.reload();
    await window.modal.filter({ hasText: "effects.txt" }).waitFor({ timeout: 60_000 });
    await runningLine().getByText("execute").waitFor({ timeout: 30_000 });
    await readMessage(window.page);
    await window.picture("77 a program after a reload");
    // Written again, it would not be what the person has made of it since.
    writeFileSync(join(window.workspace, "first.txt"), "changed by hand\n");
    await window.answerModal("Allow once", "effects.txt");
    await window.words("All three steps are done.").waitFor({ timeout: 60_000 });
    await window.idle();
    assert.equal(window.read("effects.txt"), "second\n");
    assert.equal(window.read("first.txt"), "changed by hand\n");
    assert.equal(window.model.requests.length - before, 1, "the model is not asked again for what it has said");
    await head().click();
    await window.picture("78 a program resumed to its end");
  });

  it("is not what an agent of tools gets, whatever the setting says", async () => {
    await window.freshTask([say("Hello from Caller.")]);
    await runCommand(window.page, "CodePilot: Run Agent File…");
    await quickRow(window.page, /agent\.yaml/).click();
    await answerInput(window.page, "What shall the agent do?", "say hello");
    await window.words("Hello from Caller.").waitFor({ timeout: 60_000 });
    const [last] = window.model.requests.slice(-1);
    assert.deepEqual(
      last?.body.tools.map(({ name }: { name: string }) => name),
      ["find"],
    );
  });
});
