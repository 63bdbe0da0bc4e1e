/**
 * The panel in the real window while a turn runs and after it: steering, the queue, and what a click on a link or a card
 * opens. The model is scripted, all else is real.
 */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { runCommand, terminal, terminalShows, typeInTerminal } from "../support/host/workbench.ts";
import { AgentWindow, call, say } from "./support/agent-window.ts";

const slowly = { deltaSize: 10, chunkSize: 200, chunkDelayMs: 20 };
const FIXED = "  return Math.round(subtotal(items) * (1 - percent / 100));";

describe("the panel", function () {
  this.timeout(120_000);
  let window: AgentWindow;

  before(async () => {
    window = await AgentWindow.open();
    await window.showPanel();
  });
  after(async () => window?.close());
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      console.log(`      picture: ${await window.picture(`failed ${this.currentTest.title}`)}`);
    }
    await window.settle();
  });

  describe("while a turn runs", () => {
    it("steers it: the words are in the next request of the same turn", async () => {
      const before = window.model.requests.length;
      await window.freshTask([
        { ...call("read_file", { path: "src/cart.js" }), delayMs: 1_500 },
        say("I saw both of your messages."),
      ]);
      await window.send("Look at the cart");
      await stopButton(window).waitFor();
      await window.composer.fill("And mind the tests");
      await window.composer.press("Enter");
      await window.words("I saw both of your messages.").waitFor({ timeout: 20_000 });
      await window.idle();
      await window.picture("50 steered");
      const [first, second, ...more] = window.model.requests.slice(before);
      assert.equal(more.length, 0, "one turn of two requests");
      assert.doesNotMatch(first?.text ?? "", /And mind the tests/);
      assert.match(second?.text ?? "", /And mind the tests/);
    });

    it("queues a message and runs it afterwards; one that is withdrawn never runs", async () => {
      const before = window.model.requests.length;
      await window.freshTask([say("slow ".repeat(600), slowly), say("Now the second task.")]);
      await window.send("First task");
      await stopButton(window).waitFor();
      await queue(window, "Second task");
      await queue(window, "Never to be run");
      await window.picture("51 queued");
      await queued(window).getByRole("button", { name: "Remove “Never to be run”" }).click();
      await queued(window).getByText("Never to be run").waitFor({ state: "hidden" });
      await window.words("Now the second task.").waitFor({ timeout: 30_000 });
      await window.idle();
      await queued(window).waitFor({ state: "hidden" });
      const requests = window.model.requests.slice(before);
      assert.equal(requests.length, 2);
      assert.match(requests[1]?.text ?? "", /Second task/);
      assert.doesNotMatch(requests[1]?.text ?? "", /Never to be run/);
    });

    it("holds the queue after a stop until it is sent", async () => {
      const before = window.model.requests.length;
      await window.freshTask([say("slow ".repeat(4_000), slowly), say("Released at last.")]);
      await window.send("To be stopped");
      await window.words("slow slow").first().waitFor();
      await queue(window, "Held back");
      await window.stop();
      await queued(window).getByText("Held after the stop: 1").waitFor();
      // Long enough for a turn that should not have begun to ask the model.
      await window.page.waitForTimeout(500);
      assert.equal(window.model.requests.length - before, 1);
      await window.picture("52 held");
      await queued(window).getByRole("button", { name: "Send now" }).click();
      await window.words("Released at last.").waitFor({ timeout: 20_000 });
      assert.equal(window.model.requests.length - before, 2);
    });
  });

  describe("shows a command", () => {
    const card = (name: RegExp) => window.panel.getByRole("region", { name });
    const tail = (name: RegExp, text: string) => card(name).locator(".output.live", { hasText: text });

    it("while it runs: its newest lines, its terminal, and Stop, after which the turn goes on", async () => {
      const { page } = window;
      const command = "for i in 1 2 3; do echo line-$((i*7)); done; sleep 60";
      await window.freshTask([call("execute", { command, timeout: 60 }), say("As you like.")]);
      await window.send("Wait for it");
      await window.answerModal("Allow once", "sleep 60");
      await tail(/^Run for/, "line-21").waitFor();
      await window.picture("55 command running");
      await runCommand(page, "View: Hide Panel");
      await terminal(page).waitFor({ state: "hidden" });
      await card(/^Run for/)
        .getByRole("button", { name: "Open terminal main" })
        .click();
      await terminalShows(page, "line-21");
      await card(/^Run for/)
        .getByRole("button", { name: /^Stop command/ })
        .click();
      await window.words("As you like.").waitFor();
      await window.idle();
      await card(/^Run for/)
        .getByText("stopped by you")
        .waitFor();
      await window.picture("56 command stopped");
      assert.match(window.toolResult(/line-21/), /return_code: 1(?:30|43|37)[^"]*The person ended this command\./);
    });

    it("that goes on after its call: what it prints then, and its end", async () => {
      const command = "echo up-$((40+2)); read x; echo got $x; sleep 60";
      const args = { command, session_id: "server", new_terminal: true, timeout: 1 };
      await window.freshTask([
        call("execute", args),
        say("It runs."),
        call("read_output", { session_id: "server" }),
        say("So it is over."),
      ]);
      await window.send("Serve");
      await window.answerModal("Allow once", "sleep 60");
      await window.words("It runs.").waitFor();
      await window.idle();
      const server = card(/^Run echo up/);
      await tail(/^Run echo up/, "up-42").waitFor();
      await server.getByText("still running").waitFor();
      await server.getByRole("button", { name: "Open terminal server" }).click();
      await terminalShows(window.page, "up-42");
      await typeInTerminal(window.page, "from-the-person\n");
      await tail(/^Run echo up/, "got from-the-person").waitFor();
      await window.picture("57 command in the background");
      await server.getByRole("button", { name: /^Stop command/ }).click();
      await server.getByText("stopped by you").waitFor();
      await server.getByText(/^exit 1\d\d$/).waitFor();
      await window.send("And now?");
      await window.words("So it is over.").waitFor();
      assert.match(window.toolResult(/got from-the-person/), /The person ended this command\./);
    });
  });

  describe("opens what is clicked", () => {
    before(async () => {
      await window.freshTask([]);
      // A file that was never read may not be edited, so it is read first.
      window.model.setScript([
        call("read_file", { path: "src/cart.js" }),
        call("write_file", { path: "src/cart.js", mode: "edit", start_line: 10, end_line: 10, content: FIXED }),
        call("execute", { command: "echo shown-$((40+2))" }),
        say(
          "See [the total](src/cart.js:10), [the guide](https://example.com/guide), [nothing](src/none.js) and [a trap](command:workbench.action.closeWindow).",
        ),
      ]);
      await window.send("Show me things");
      await window.answerModal("Allow once", "src/cart.js");
      await window.answerModal("Allow once", "shown-");
      await window.words("See the total").waitFor({ timeout: 30_000 });
      await window.idle();
      await runCommand(window.page, "View: Close All Editors");
    });

    it("a file link: that file at that line", async () => {
      const { page } = window;
      await window.panel.getByRole("link", { name: "the total" }).click();
      await page.getByRole("tab", { name: /^cart\.js/ }).waitFor();
      await page.locator(".part.statusbar").getByText("Ln 10, Col 1").waitFor();
      await page.locator(".editor-instance .view-lines", { hasText: "Math.round(subtotal(items)" }).waitFor();
      await window.picture("53 file link");
    });

    it("a link to a file that is not there: says so", async () => {
      await window.panel.getByRole("link", { name: "nothing" }).click();
      await window.panel.getByRole("alert").filter({ hasText: "There is no file “src/none.js” here." }).waitFor();
      await window.panel.getByRole("button", { name: "Dismiss" }).click();
    });

    it("a web link: VS Code asks first, and the panel stays where it is", async () => {
      const { page } = window;
      const pages = page.context().pages().length;
      await window.panel.getByRole("link", { name: "the guide" }).click();
      const question = window.modal.filter({ hasText: "example.com/guide" });
      await question.waitFor();
      assert.match(await question.innerText(), /external website/);
      await window.picture("54 web link");
      await page.keyboard.press("Escape");
      await question.waitFor({ state: "hidden" });
      assert.equal(page.context().pages().length, pages);
      await window.words("See the total").waitFor();
    });

    it("a link that would run a command: nothing to click", async () => {
      await window.words("a trap").waitFor();
      assert.equal(await window.panel.getByRole("link", { name: "a trap" }).count(), 0);
    });

    it("a card of an edit: the diff against what was there before", async () => {
      const { page } = window;
      await window.panel
        .getByRole("button", { name: /^Open changes of/ })
        .first()
        .click();
      await page.getByRole("tab", { name: /cart\.js \(before CodePilot/ }).waitFor();
      await page.locator(".monaco-diff-editor .original", { hasText: "Math.floor(percent / 100)" }).waitFor();
      await page.locator(".monaco-diff-editor .modified", { hasText: "Math.round(subtotal(items)" }).waitFor();
    });

    it("a card of a command: its terminal", async () => {
      const { page } = window;
      await runCommand(page, "View: Hide Panel");
      await terminal(page).waitFor({ state: "hidden" });
      await window.panel.getByRole("button", { name: "Open terminal main" }).first().click();
      await terminalShows(page, "shown-42");
    });
  });
});

function stopButton(window: AgentWindow): Locator {
  return window.panel.getByRole("button", { name: "Stop", exact: true });
}

function queued(window: AgentWindow): Locator {
  return window.panel.getByRole("region", { name: "Queued messages" });
}

async function queue(window: AgentWindow, text: string): Promise<void> {
  await window.composer.fill(text);
  await window.panel.getByRole("button", { name: "Queue", exact: true }).click();
  await queued(window).getByText(text).waitFor();
}
