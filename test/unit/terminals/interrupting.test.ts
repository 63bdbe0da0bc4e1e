import assert from "node:assert/strict";
import { interruptForeground } from "../../../src/terminals/process-control.ts";
import type { ProcessTable } from "../../../src/terminals/pty.ts";

const shell = 100;

/** A shell that runs a program in a group of its own, and what is sent to either. */
function shellWith({ endsAt }: { readonly endsAt: string }) {
  const sent: string[] = [];
  const exited = Promise.withResolvers<void>();
  let group = 200;
  const table: ProcessTable = {
    list: async () => [{ pid: shell, parent: 1, group: shell, session: shell, zombie: false, startedAt: "0" }],
    carriers: async () => new Map(),
    commandLine: async () => null,
    foregroundGroup: async () => group,
    signal(pid, signal) {
      sent.push(`${signal} ${pid}`);
      if (signal === endsAt) group = shell;
      if (signal === "SIGKILL" && pid === shell) exited.resolve();
      return true;
    },
  };
  return { table, sent, leader: { pid: shell, exited: exited.promise } };
}

describe("interrupting what has the foreground", () => {
  for (const [endsAt, sentFirst] of [
    ["SIGINT", ["SIGINT -200"]],
    ["SIGTERM", ["SIGINT -200", "SIGTERM -200"]],
  ] as const) {
    it(`spares a shell that is slow to tell that ${endsAt} has ended its program`, async () => {
      const { table, sent, leader } = shellWith({ endsAt });
      const told = new Promise<void>((resolve) => setTimeout(resolve, 450));
      await interruptForeground(table, leader, told);
      assert.deepEqual(sent, sentFirst);
    });
  }

  it("ends a shell that goes on by itself", async () => {
    const { table, sent, leader } = shellWith({ endsAt: "SIGINT" });
    await interruptForeground(table, leader, new Promise(() => {}));
    assert.deepEqual(sent, ["SIGINT -200", `SIGKILL ${shell}`]);
  });
});
