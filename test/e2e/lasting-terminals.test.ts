/**
 * Terminals that outlive the window: the page is reloaded and the extension host killed while commands run, in real
 * windows of code-server; what goes on, what the person sees again, and what the model is told.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostsIn } from "../support/end-pty-hosts.ts";
import { openWindow } from "../support/host/browser.ts";
import {
  answerModal,
  dialog,
  openContainer,
  runCommand,
  terminalShows,
  typeInTerminal,
  webview,
} from "../support/host/workbench.ts";
import { AgentWindow, call, say } from "./support/agent-window.ts";

describe("terminals that outlive the window", function () {
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

  const seen = (text: string) => terminalShows(window.page, text);

  it("a command goes on through a reload, and the turn with it, in the same terminal", async () => {
    const command = "echo begun >> runs.txt; sleep 20; echo done as $((1+1)) by $$";
    await window.freshTask([call("execute", { command, timeout: 60 }), say("It is done.")]);
    await window.send("Wait for it");
    await window.answerModal("Allow once", "sleep 20");
    await seen("sleep 20");
    await window.reload();
    await window.words("Wait for it").first().waitFor({ timeout: 60_000 });
    await seen("sleep 20");
    await window.picture("40 running after a reload");
    await window.words("It is done.").waitFor({ timeout: 60_000 });
    await window.idle();
    await seen("done as 2 by");
    await window.picture("41 done after a reload");
    const [, pid] = /done as 2 by (\d+)/.exec(window.toolResult(/done as 2 by \d+/)) ?? [];
    await seen(`done as 2 by ${pid}`);
    assert.equal(readFileSync(join(window.workspace, "runs.txt"), "utf8"), "begun\n");
    assert.doesNotMatch(window.toolResult(/done as 2 by/), /restarted/);
  });

  it("a terminal that the person opens is one the agent can use, also after a reload", async () => {
    await runCommand(window.page, "CodePilot: New CodePilot Terminal");
    // Beside the others, so that the list of terminals is shown.
    await window.page.locator(".tabs-list .monaco-list-row.selected", { hasText: "shell-1" }).waitFor();
    await seen("shop");
    await typeInTerminal(window.page, "export FROM_PERSON=yes; echo typed $((40+2))\n");
    await seen("typed 42");
    await window.reload();
    await seen("typed 42");
    await window.panel.locator(".composer textarea").waitFor({ timeout: 60_000 });
    window.model.setScript([
      call("execute", { session_id: "shell-1", command: "echo the agent sees $FROM_PERSON" }),
      say("I saw it."),
    ]);
    await window.send("What did I set?");
    await window.answerModal("Allow once", "FROM_PERSON");
    await window.words("I saw it.").waitFor({ timeout: 30_000 });
    assert.match(window.toolResult(/the agent sees/), /the agent sees yes/);
    await seen("the agent sees yes");
  });

  it("a host that is killed is told, once, and the session goes on with a new terminal", async () => {
    await window.freshTask([
      call("execute", { command: "sleep 50", timeout: 60 }),
      call("execute", { command: "echo a new shell" }),
      say("I went on."),
    ]);
    await window.send("Lose a terminal");
    await window.answerModal("Allow once", "sleep 50");
    await seen("sleep 50");
    await window.kill("pty host");
    await window.answerModal("Allow once", "a new shell");
    await window.words("I went on.").waitFor({ timeout: 30_000 });
    await window.idle();
    assert.match(window.toolResult(/was ended, and with it/), /look at its effects first/);
    await window
      .words(/were lost|was ended/)
      .first()
      .waitFor();
    await window.picture("42 a lost terminal");
  });

  it("an extension host that is killed comes back to a command that went on", async () => {
    await window.freshTask([
      call("execute", { command: "sleep 6; echo it went on", timeout: 60 }),
      say("And so did I."),
    ]);
    await window.send("Survive a kill");
    await window.answerModal("Allow once", "sleep 6");
    await seen("sleep 6");
    await window.kill("extension host");
    await window.words("And so did I.").waitFor({ timeout: 60_000 });
    assert.match(window.toolResult(/it went on/), /return_code: 0/);
  });

  it("two windows on one workspace share the host; one goes, what the other runs goes on", async () => {
    const { page, server, browser } = window;
    const isFirst = (body: object) => JSON.stringify(body).includes("Run in the first window");
    const isFirstAnswered = (body: string) => body.includes("Run in the first window") && body.includes("_call_output");
    const isAnswered = (body: { input?: unknown }) => JSON.stringify(body.input).includes("function_call_output");
    await window.freshTask(({ body }) => {
      const name = isFirst(body) ? "first" : "second";
      const seconds = isFirst(body) ? 15 : 300;
      return isAnswered(body)
        ? say(`The ${name} is over.`)
        : call("execute", { command: `sleep ${seconds}; echo ${name}`, timeout: 400 });
    });
    await window.send("Run in the first window");
    await window.answerModal("Allow once", "echo first");
    await seen("echo first");
    const hosts = await hostsIn(server.dir);
    const second = await openWindow(server, browser);
    await openContainer(second, "CodePilot");
    const composer = webview(second).locator(".composer textarea");
    await composer.waitFor({ timeout: 60_000 });
    await runCommand(second, "CodePilot: New Task");
    await webview(second).locator(".empty").first().waitFor({ timeout: 60_000 });
    await composer.fill("Run in the second window");
    await composer.press("Enter");
    await dialog(second).filter({ hasText: "echo second" }).waitFor({ timeout: 30_000 });
    await answerModal(second, "Allow once");
    await terminalShows(second, "echo second");
    await second.close();
    assert.deepEqual(await hostsIn(server.dir), hosts, "one host for both");
    assert.equal(hosts.length, 1);
    await page.bringToFront();
    await window.words("The first is over.").waitFor({ timeout: 60_000 });
    const answer = window.model.requests.map(({ body }) => JSON.stringify(body)).findLast(isFirstAnswered);
    assert.match(answer ?? "", /return_code: 0/);
  });
});
