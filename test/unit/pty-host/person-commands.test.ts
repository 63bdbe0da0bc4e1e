/** What the person ran while nobody was connected, or nobody had written it down, is told to the next client. */
import assert from "node:assert/strict";
import type { TerminalEvent, Terminals } from "../../../src/ports/terminals.ts";
import { type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually } from "../../support/terminals.ts";

type Ended = Extract<TerminalEvent, { type: "command-ended" }>;

describe("commands of the person in the pty host", function () {
  this.timeout(120_000);
  let host: TestHost;

  beforeEach(async () => {
    host = await testHost();
  });
  afterEach(() => host.close());

  const hearing = (terminals: Terminals): Ended[] => {
    const ended: Ended[] = [];
    terminals.on((event) => {
      if (event.type === "command-ended") ended.push(event);
    });
    return ended;
  };

  it("are told again to every client until one has acknowledged them", async () => {
    const first = host.client();
    const heard = hearing(first);
    const person = await first.attach("main", () => {});
    await eventually("idle", () => first.list()[0]?.status === "idle");
    person?.write("echo while connected\r");
    await eventually("it is told", () => heard.length === 1);
    await eventually("idle", () => first.list()[0]?.status === "idle");
    person?.write("sleep 0.5; echo while nobody is there\r");
    await eventually("it runs", () => first.list()[0]?.status === "running");
    await first.release();
    await new Promise((resolve) => setTimeout(resolve, 800));

    const second = host.client();
    await second.reconnect();
    const again = hearing(second);
    second.retell();
    await eventually("both are told", () => again.length >= 2);
    const [one, other] = again;
    assert.deepEqual(
      [one, other].map((event) => [event?.name, event?.command.command, event?.command.output.text]),
      [
        ["main", "echo while connected", "while connected\n"],
        ["main", "sleep 0.5; echo while nobody is there", "while nobody is there\n"],
      ],
    );
    second.acknowledge(one?.command.commandId ?? "");
    await second.release();

    const third = host.client();
    const rest = hearing(third);
    await third.reconnect();
    await eventually("the other is told", () => rest.length > 0);
    assert.deepEqual([...new Set(rest.map(({ command }) => command.commandId))], [other?.command.commandId]);
  });
});
