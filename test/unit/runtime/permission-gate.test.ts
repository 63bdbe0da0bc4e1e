/** Nothing runs around the gate, and whatever is not a clear yes is a no. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Access } from "../../../src/protocol/permissions.ts";
import type { Approver, PermissionHandler } from "../../../src/runtime/permission-gate.ts";
import { decide, isProtected } from "../../../src/runtime/permission-policy.ts";
import { openTestSession, someWrite, testTool } from "../../support/session-harness.ts";

async function outcomeWith(approver: Approver, access: Access = someWrite) {
  let ran = 0;
  const tool = testTool({
    name: "edit",
    access,
    run: () => {
      ran += 1;
      return { status: "done", output: "edited" };
    },
  });
  const t = openTestSession({
    script: [{ calls: [{ name: "edit", arguments: {} }] }, { text: "ok" }],
    tools: [tool],
    approver,
  });
  await t.run("go");
  const finished = t.events.find((event) => event.type === "tool.finished");
  return { ran, status: finished?.outcome.status, output: finished?.outcome.output ?? "", t };
}

describe("the permission gate", () => {
  it("runs a tool after an allowing answer, which is on the disk before", async () => {
    const { ran, status, t } = await outcomeWith({ kind: "handler", handle: async () => ({ decision: "allowed" }) });
    assert.equal(ran, 1);
    assert.equal(status, "done");
    assert.ok(t.syncs.includes("permission.answered"));
    const types = t.types();
    assert.ok(types.indexOf("permission.answered") < types.indexOf("tool.started"));
  });

  const wrongAnswers: Record<string, () => unknown> = {
    "a throw": () => {
      throw new Error("boom");
    },
    "a rejection": () => Promise.reject(new Error("boom")),
    undefined: async () => undefined,
    true: async () => true,
    '"no"': async () => "no",
    '"allowed"': async () => "allowed",
    "an unknown decision": async () => ({ decision: "yes" }),
  };
  for (const [name, handle] of Object.entries(wrongAnswers)) {
    it(`takes ${name} of a handler for a denial`, async () => {
      const { ran, status } = await outcomeWith({ kind: "handler", handle: handle as unknown as PermissionHandler });
      assert.equal(ran, 0);
      assert.equal(status, "denied");
    });
  }

  it("denies when nobody is there, and the turn goes on", async () => {
    const { ran, status, output, t } = await outcomeWith({ kind: "nobody" });
    assert.equal(ran, 0);
    assert.equal(status, "denied");
    assert.match(output, /nobody is there/);
    assert.equal(t.session.state.turns[0]?.finished?.reason, "completed");
  });

  it("hands the person's words to the model", async () => {
    const { output } = await outcomeWith({
      kind: "handler",
      handle: async () => ({ decision: "denied", note: "use the other file" }),
    });
    assert.match(output, /use the other file/);
  });

  it("takes the first answer and refuses the second", async () => {
    const t = openTestSession({
      script: [{ calls: [{ name: "edit", arguments: {} }] }, { text: "ok" }],
      tools: [testTool({ name: "edit", access: someWrite })],
    });
    const asked = t.next("permission.asked");
    await t.session.submit({ type: "turn.submit", input: { text: "go" } });
    const { permissionId } = (await asked).request;
    const answers = await Promise.all(
      (["denied", "allowed"] as const).map((decision) =>
        t.session.submit({ type: "permission.answer", permissionId, decision, scope: "once" }),
      ),
    );
    await t.session.idle();
    assert.equal(t.events.filter((event) => event.type === "permission.answered").length, 1);
    assert.equal(t.events.find((event) => event.type === "tool.finished")?.outcome.status, "denied");
    assert.equal(answers[0]?.kind, "accepted");
  });

  it("remembers per session exactly what was allowed", async () => {
    const accesses: Access[] = [
      { kind: "execute", command: "npm test", cwd: "/w", terminal: "main" },
      { kind: "execute", command: "npm test", cwd: "/w", terminal: "main" },
      { kind: "execute", command: "npm test --all", cwd: "/w", terminal: "main" },
      { kind: "execute", command: "npm test", cwd: "/w", terminal: "main", keep: true },
      { kind: "execute", command: "npm test", cwd: "/other", terminal: "main" },
    ];
    let asked = 0;
    const t = openTestSession({
      script: [{ calls: accesses.map((_, n) => ({ name: `run${n}`, arguments: {} })) }, { text: "ok" }],
      tools: accesses.map((access, n) => testTool({ name: `run${n}`, access })),
      approver: {
        kind: "handler",
        handle: async () => {
          asked += 1;
          return { decision: "allowed", scope: "session" };
        },
      },
    });
    await t.run("go");
    assert.equal(asked, 4);
    assert.equal(t.session.state.allowedKeys.length, 4);
  });
});

describe("the policy", () => {
  const trusted = { approval: "untrusted", trusted: true } as const;

  it("reads freely inside the workspace only", () => {
    assert.equal(
      decide(trusted, { kind: "read", path: "/w/a", insideWorkspace: true }, [], "read_file").decision,
      "allow",
    );
    assert.equal(
      decide(trusted, { kind: "read", path: "/etc/passwd", insideWorkspace: false }, [], "read_file").decision,
      "ask",
    );
  });

  it("never remembers writes outside, over unread files or of protected ones", () => {
    for (const access of [
      { ...someWrite, insideWorkspace: false },
      { ...someWrite, unread: true },
      { ...someWrite, path: "/w/.git/hooks/pre-commit" },
      { ...someWrite, path: "/w/.vscode/settings.json" },
      { ...someWrite, path: "/w/agent.yaml" },
    ] as Access[]) {
      const verdict = decide(
        trusted,
        access,
        [`write:${(access as typeof someWrite & { path: string }).path}`],
        "write_file",
      );
      assert.equal(verdict.decision, "ask");
      assert.equal(verdict.sessionKey, null);
    }
    assert.ok(!isProtected("/w/src/git.ts"));
    assert.ok(isProtected("C:\\w\\.git\\config"));
  });

  const anyAccess: fc.Arbitrary<Access> = fc.oneof(
    fc.record({ kind: fc.constant("execute" as const), command: fc.string(), cwd: fc.string(), terminal: fc.string() }),
    fc.record({
      kind: fc.constant("write" as const),
      path: fc.string(),
      insideWorkspace: fc.boolean(),
      unread: fc.boolean(),
      change: fc.constantFrom("create" as const, "modify" as const),
      diff: fc.string(),
      addedLines: fc.nat(),
      removedLines: fc.nat(),
    }),
    fc.record({
      kind: fc.constant("input" as const),
      terminal: fc.string(),
      text: fc.string(),
      running: fc.option(fc.string()),
    }),
  );

  it("lets no effect pass in an untrusted workspace, under “never”, or unasked", () => {
    fc.assert(
      fc.property(anyAccess, fc.array(fc.string()), (access, keys) => {
        assert.equal(decide({ approval: "untrusted", trusted: false }, access, keys, "write_file").decision, "deny");
        assert.equal(decide({ approval: "never", trusted: true }, access, keys, "write_file").decision, "deny");
        for (const approval of ["untrusted", "on-request", "on-failure"] as const) {
          const verdict = decide({ approval, trusted: true }, access, keys, "write_file");
          assert.equal(verdict.decision, "ask");
          assert.notEqual(verdict.reason, "");
        }
      }),
    );
  });
});
