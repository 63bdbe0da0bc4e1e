import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { HostedTerminals } from "../../../src/node/pty-host/hosted-terminals.ts";
import { type RawClient, rawClient, runIn, type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually } from "../../support/terminals.ts";

describe("the pty host and clients that mean no good", function () {
  this.timeout(120_000);
  let host: TestHost;
  const raw: RawClient[] = [];
  const begin = { onlyJoin: false, cwd: "/", environment: { PATH: process.env.PATH ?? "" } };

  let goodClient: HostedTerminals | undefined;
  const good = () => (goodClient ??= host.client("good"));

  async function connected(opening: object | null): Promise<RawClient> {
    const client = await rawClient(host.place, opening);
    raw.push(client);
    return client;
  }
  const session = (name = `raw-${Math.random()}`) => connected({ type: "session", session: name, begin });

  async function memoryOfHost(): Promise<number> {
    const status = await readFile(`/proc/${await host.pid()}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  before(async () => {
    host = await testHost();
    await runIn(good(), "true");
  });
  afterEach(async () => {
    // Whatever was tried, it serves those who mean well.
    assert.equal((await runIn(good(), "echo fine")).output.text, "fine\n");
    for (const { socket } of raw.splice(0)) socket.destroy();
  });
  after(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });

  for (const [what, opening, reason] of [
    ["a wrong token", { type: "lookup", token: "0".repeat(48) }, "token"],
    ["a token of another length", { type: "lookup", token: "" }, "token"],
    ["a token that is no text", { type: "lookup", token: 7 }, "malformed"],
    ["an older version", { type: "lookup", version: 0 }, "version"],
    ["a version that is no number", { type: "lookup", version: "1" }, "version"],
    ["a purpose that does not exist", { type: "shutdown" }, "malformed"],
    ["a session without a name", { type: "session", session: "", begin }, "malformed"],
    ["a session with an endless name", { type: "session", session: "x".repeat(201), begin }, "malformed"],
    [
      "an environment of numbers",
      { type: "session", session: "a", begin: { ...begin, environment: { A: 1 } } },
      "malformed",
    ],
  ] as const) {
    it(`refuses ${what} and closes the connection`, async () => {
      const client = await connected(opening);
      assert.partialDeepStrictEqual(await client.line(0), { type: "refused", reason });
      await client.closed;
    });
  }

  for (const [what, bytes] of [
    ["no JSON", "hello\n"],
    ["an unfinished line and then the end", '{"version":'],
    ["binary garbage", Buffer.concat([randomBytes(4096), Buffer.from("\n")])],
    ["JSON that is no object", "null\n"],
    ["bytes that are no text", Buffer.from([0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x0a])],
  ] as const) {
    it(`closes a connection that begins with ${what}`, async () => {
      const client = await connected(null);
      client.socket.end(bytes);
      await client.closed;
      assert.ok(client.lines.length === 0 || client.lines[0]?.includes('"refused"'), client.lines[0]);
    });
  }

  it("cuts off a first line of 100 MB, and does not keep it", async () => {
    await runIn(good(), "true");
    const before = await memoryOfHost();
    const client = await connected(null);
    const block = Buffer.alloc(1_048_576, "x");
    for (let sent = 0; sent < 100 && !client.socket.destroyed; sent += 1) {
      await new Promise((resolve) => client.socket.write(block, resolve));
    }
    await client.closed;
    assert.ok((await memoryOfHost()) - before < 60e6, "memory");
  });

  it("closes a connection that says nothing", async () => {
    const since = Date.now();
    await (await connected(null)).closed;
    assert.ok(Date.now() - since < 30_000);
  });

  it("answers what it can not do with an error, and goes on", async () => {
    const client = await session();
    await client.line(0);
    const said = async (document: object) => {
      const index = client.lines.length;
      client.send(document);
      return client.line(index);
    };
    assert.partialDeepStrictEqual(await said({ id: 1, op: "explode", request: {} }), { id: 1 });
    assert.match(client.lines.at(-1) ?? "", /no operation \\"explode\\"/);
    for (const op of ["constructor", "__proto__", "toString"]) {
      assert.match(JSON.stringify(await said({ id: 2, op, request: {} })), /no operation/);
    }
    for (const [id, op, request] of [
      [3, "run", { terminal: 7 }],
      [4, "run", null],
      [5, "terminate", {}],
      [6, "resize", { viewer: "v", cols: "80", rows: 24 }],
      [7, "create", { name: "a", createdBy: "nobody" }],
    ] as const) {
      assert.match(JSON.stringify(await said({ id, op, request })), new RegExp(`^{"id":${id},"error"`));
    }
    client.send({ id: 999, op: "cancel", request: null });
    client.send({ id: 8, op: "resize", request: { viewer: "nobody", cols: 1e9, rows: -5 } });
    assert.deepEqual(await client.line(client.lines.length), { id: 8, result: null });
    for (const [id, name] of [
      [9, "a\0b"],
      [10, "x".repeat(200)],
      [11, ""],
    ] as const) {
      const reply = await said({ id, op: "create", request: { name, createdBy: "agent" } });
      assert.partialDeepStrictEqual(reply, { id, result: { kind: "failed" } });
    }
  });

  for (const [what, ...messages] of [
    ["a request without an id", { op: "terminate", request: { name: "x" } }],
    ["no object", [1, 2]],
    [
      "the same id twice",
      { id: 1, op: "read", request: { terminal: "main", timeoutMs: 5_000, maxOutputChars: 10 } },
      { id: 1, op: "read", request: { terminal: "main", timeoutMs: 5_000, maxOutputChars: 10 } },
    ],
  ] as const) {
    it(`drops a client that sends ${what}`, async () => {
      const client = await session();
      await client.line(0);
      for (const message of messages) client.send(message);
      await client.closed;
    });
  }

  it("has no more than a thousand requests of a client at once", async () => {
    const client = await session();
    await client.line(0);
    const run = {
      terminal: "main",
      command: "sleep 9",
      commandId: "c",
      timeoutMs: 2_000,
      maxOutputChars: 9,
      heard: false,
    };
    client.send({ id: 0, op: "run", request: run });
    await eventually("it runs", () => client.lines.some((line) => line.startsWith('{"id":0')));
    for (let id = 1; id <= 1_200; id += 1) {
      client.send({ id, op: "follow", request: { commandId: "c", timeoutMs: 5_000, heard: false } });
    }
    await eventually(
      "the surplus is refused",
      () => client.lines.filter((line) => /requests at once/.test(line)).length > 100,
    );
  });

  it("drops a client that asks and never reads, without slowing anybody", async () => {
    await runIn(good(), "true");
    const before = await memoryOfHost();
    const client = await session("good");
    await client.line(0);
    client.socket.pause();
    const { ordinal } = await runIn(good(), "head -c 300000 /dev/zero | tr '\\0' x");
    const request = { terminal: "main", ordinal, fromLine: 1, lineCount: 9, maxOutputChars: 2_000_000 };
    let id = 0;
    for (const until = Date.now() + 2_000; Date.now() < until && !client.socket.destroyed; ) {
      for (const until = id + 20; id < until; id += 1) client.send({ id, op: "read_spool", request });
      const since = Date.now();
      assert.equal((await runIn(good(), "echo quick")).output.text, "quick\n");
      assert.ok(Date.now() - since < 30_000);
    }
    assert.ok((await memoryOfHost()) - before < 150e6, "memory");
  });

  it("drops a client that does not read what happens", async () => {
    const client = await session("good");
    await client.line(0);
    client.socket.pause();
    const long = "x".repeat(500_000);
    // Every change tells the command again; the kernel holds little of it.
    for (let index = 0; index < 20; index += 1) await runIn(good(), `: ${index} ${long}`);
    client.socket.resume();
    await client.closed;
  });
});
