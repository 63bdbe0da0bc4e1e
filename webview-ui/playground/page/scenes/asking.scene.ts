import { FOLDER, type Scene, type Script } from "../stage.ts";
import { cartDiff, edit, ran, read, TASK, testOutput } from "./material.ts";

const COMMAND = "npm test -- --test-name-pattern='coupon' && git diff --stat";

function opening(script: Script): Script {
  return script
    .turn(TASK)
    .says("I look at the cart first.")
    .tool("read_file", { path: "src/cart.ts" }, "Read src/cart.ts", read("src/cart.ts", 41));
}

export const permissionCommand: Scene = {
  before: (script) => {
    opening(script);
    const callId = script.request("execute", { command: COMMAND }, `$ ${COMMAND}`);
    script.response();
    script.ask(
      callId,
      "execute",
      `$ ${COMMAND}`,
      { kind: "execute", command: COMMAND, cwd: FOLDER, terminal: "main" },
      COMMAND,
      "every command asks until it is allowed",
    );
  },
  play: async (stage) => {
    const answer = await stage.next((message) => message.type === "op" && message.op.type === "permission.answer");
    if (answer.type !== "op" || answer.op.type !== "permission.answer") return;
    const { script } = stage;
    const { permissionId, decision, scope, note } = answer.op;
    script.add({
      type: "permission.answered",
      permissionId,
      answer: { decision, scope, by: "person", ...(note === undefined ? {} : { note }) },
    });
    const callId = permissionId.replace(/.*/, () => lastCall(script));
    if (decision === "denied") script.finish(callId, "denied", undefined, "The person refused this command.", 0);
    else script.start(callId).finish(callId, "done", ran(COMMAND, testOutput), "", 1_300);
    stage.send();
    await stage.stream(decision === "denied" ? "Understood, I leave the tests alone." : "The tests pass.");
    script.response();
    script.end("completed", 2, 9_000);
    stage.send();
  },
};

function lastCall(script: Script): string {
  const event = script.events.findLast(({ type }) => type === "tool.requested");
  return event?.type === "tool.requested" ? event.callId : "";
}

export const permissionWrite: Scene = {
  before: (script) => {
    opening(script);
    const first = script.request("write_file", { path: "src/cart.ts" }, "Edit src/cart.ts");
    script
      .response()
      .start(first)
      .finish(first, "done", edit("src/cart.ts", cartDiff, 7, 3), "", 80);
    const path = `${FOLDER}/config/../.vscode/settings.json`.replace("config/../", "");
    const callId = script.request(
      "write_file",
      { path: ".vscode/settings.json", mode: "w" },
      "Write .vscode/settings.json",
    );
    script.response();
    script.ask(
      callId,
      "write_file",
      "Write .vscode/settings.json",
      {
        kind: "write",
        path,
        insideWorkspace: true,
        unread: true,
        change: "modify",
        diff: '@@ -1,4 +1,5 @@\n {\n-  "editor.tabSize": 4,\n+  "editor.tabSize": 2,\n+  "editor.formatOnSave": true,\n   "files.eol": "\\n"\n }\n',
        addedLines: 2,
        removedLines: 1,
      },
      null,
      "files in .vscode/ change how the editor behaves, so they are asked about every time",
    );
  },
};

export const question: Scene = {
  before: (script) => {
    opening(script);
    const callId = script.request("ask_user", { question: "…" }, "Ask: How should discounts be rounded?");
    script.response().start(callId);
    script.add({
      type: "question.asked",
      question: {
        questionId: script.id("question"),
        callId,
        question: "How should discounts be rounded when a percentage does not give whole cents?",
        choices: ["To the nearest cent", "Always in favour of the customer", "Keep fractions until the receipt"],
      },
    });
  },
};
