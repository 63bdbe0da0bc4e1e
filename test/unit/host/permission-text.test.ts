/** The plain text of a modal permission prompt. */
import assert from "node:assert/strict";
import { permissionText } from "../../../src/host/prompts/permission-text.ts";
import type { Access, PermissionRequest } from "../../../src/protocol/permissions.ts";

const session = { title: "Fix it", cwd: "/shop" };

function textOf(access: Access, change: Partial<PermissionRequest> = {}) {
  const request: PermissionRequest = {
    permissionId: "p",
    callId: "c",
    tool: "execute",
    access,
    title: "Run",
    reason: "commands are asked for",
    sessionKey: "k",
    sessionLabel: "npm test",
    ...change,
  };
  return permissionText(request, session);
}

const execute = (command: string): Access => ({ kind: "execute", command, cwd: "/shop", terminal: "main" });

describe("permission prompt", () => {
  it("names command, folder, terminal, reason and what would be remembered", () => {
    const { message, detail } = textOf(execute("npm test"));
    assert.equal(message, "Allow CodePilot to run this command?");
    for (const part of ["npm test", "/shop", "main", "Asked because commands", "remembers: npm test", "Fix it"]) {
      assert.ok(detail.includes(part), part);
    }
  });

  it("says what is waited for and that a terminal is kept", () => {
    const waiting = { ...execute("npm start"), keep: true, waitsFor: '"Listening\u202e"' } as const;
    const { detail } = textOf(waiting);
    assert.ok(
      detail.includes('terminal “main”. Waits for "Listening\\u{202e}". Goes on when the session ends.'),
      detail,
    );
    assert.doesNotMatch(textOf(execute("npm start")).detail, /Waits|Goes on/);
  });

  it("shows control characters and invisible ones instead of obeying them", () => {
    const { detail } = textOf(execute("echo \u001b[2Ja\rb\u0007 \u202Egnp.exe\u200b"));
    assert.ok(detail.includes("echo \\x1b[2Ja\\x0db\\x07 \\u{202e}gnp.exe\\u{200b}"), detail);
  });

  it("says that a long command was cut, and keeps its length bounded", () => {
    const { detail } = textOf(execute(`echo ${"a".repeat(10_000)}; rm -rf /`));
    assert.ok(detail.length < 2_500, `${detail.length}`);
    assert.match(detail, /more characters: see the card/);
  });

  it("cuts a command of many lines", () => {
    const { detail } = textOf(execute("x\n".repeat(500)));
    assert.ok(detail.split("\n").length < 50);
    assert.match(detail, /more characters/);
  });

  it("puts a path in the folder short and any other whole", () => {
    const write = (path: string): Access => ({
      kind: "write",
      path,
      insideWorkspace: true,
      unread: true,
      change: "modify",
      diff: "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-old\n+new\n",
      addedLines: 1,
      removedLines: 1,
    });
    const { message, detail } = textOf(write("/shop/src/a.ts"));
    assert.equal(message, "Allow CodePilot to change src/a.ts?");
    assert.match(detail, /\+1 −1 lines\n⋯ line 1\n-old\n\+new/);
    assert.match(detail, /not read in this session/);
    assert.match(textOf(write("/shop-other/a.ts")).message, /\/shop-other\/a\.ts/);
  });

  it("says nothing of remembering where that can not be", () => {
    assert.doesNotMatch(textOf(execute("x"), { sessionKey: null, sessionLabel: null }).detail, /remembers/);
  });
});
