/** Terminals from programs that know nothing of CodePilot: the data socket with socat. */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { findProgram } from "../../../scripts/debian-packages.ts";
import { findSessions } from "../../../src/node/pty-host/find-sessions.ts";
import type { Terminals } from "../../../src/ports/terminals.ts";
import { type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually } from "../../support/terminals.ts";

const never = new AbortController().signal;

class Socat {
  readonly child: ChildProcessWithoutNullStreams;
  heard = Buffer.alloc(0);
  readonly ended: Promise<number | null>;

  constructor(path: string) {
    this.child = spawn("socat", ["-", `UNIX-CONNECT:${path}`]);
    this.child.stdout.on("data", (chunk: Buffer) => {
      this.heard = Buffer.concat([this.heard, chunk]);
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject).once("close", resolve);
    });
  }

  type(bytes: string | Buffer): void {
    this.child.stdin.write(bytes);
  }

  get text(): string {
    return this.heard.toString("utf8");
  }

  /** What came after the first line. */
  get shown(): string {
    return this.text.slice(this.text.indexOf("\n") + 1);
  }

  async hears(what: string): Promise<void> {
    await eventually(`${what} is heard`, () => this.shown.includes(what)).catch((error: unknown) => {
      throw new Error(`${error}: ${JSON.stringify(this.text)}`);
    });
  }
}

describe("the data socket of a terminal", function () {
  this.timeout(120_000);
  let host: TestHost;
  let terminals: Terminals;
  let viewers: Socat[];
  let path: string;
  let pid: number | null;

  before(function () {
    if (findProgram(["socat"]) === undefined) this.skip();
  });
  beforeEach(async () => {
    host = await testHost();
    viewers = [];
    terminals = host.client();
    await run("PS1='agent$ '; echo before $((1+1)) ü€😀");
    const found = await findSessions(host.home, { XDG_RUNTIME_DIR: host.home });
    const main = found?.sessions[0]?.terminals.find(({ name }) => name === "main");
    path = main?.socketPath ?? "";
    pid = main?.pid ?? null;
  });
  afterEach(async () => {
    for (const { child } of viewers) child.kill("SIGKILL");
    await host.close();
  });

  async function run(command: string) {
    const request = { terminal: "main", command, commandId: `c-${Math.random()}`, timeoutMs: 8_000, signal: never };
    const result = await terminals.run({ ...request, maxOutputChars: 4_000 });
    if (result.kind !== "command") throw new Error(JSON.stringify(result));
    return result;
  }
  function socat(): Socat {
    const viewer = new Socat(path);
    viewers.push(viewer);
    return viewer;
  }

  it("gives one line about the terminal, then what is on it, then everything as it comes", async () => {
    const viewer = socat();
    await viewer.hears("agent$ ");
    const [line = ""] = viewer.text.split("\n", 1);
    assert.deepEqual(JSON.parse(line), { pid, cols: 120, rows: 30 });
    assert.match(viewer.shown, /^[\s\S]*before 2 ü€😀\r\nagent\$ /);
    viewer.type("echo from $((0+1)) é\r");
    await viewer.hears("from 1 é\r\n");
    assert.equal((await run("echo again")).output.text, "again\n");
    await viewer.hears("again\r\n");
  });

  it("takes bytes in any pieces, and as many viewers as come", async () => {
    const [one, two] = [socat(), socat()];
    await one.hears("agent$ ");
    await two.hears("agent$ ");
    const bytes = Buffer.from("echo €$((40+2))\r");
    for (const byte of bytes) {
      one.type(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (const viewer of [one, two]) await viewer.hears("€42\r\n");
    two.type("echo two$((1))\r");
    for (const viewer of [one, two]) await viewer.hears("two1\r\n");
  });

  it("lets a viewer go without a word, and the shell stays", async () => {
    const [one, two] = [socat(), socat()];
    await one.hears("agent$ ");
    await two.hears("agent$ ");
    one.type("KEPT=yes\r");
    await two.hears("KEPT=yes\r\n");
    one.child.stdin.end();
    await one.ended;
    two.child.kill("SIGKILL");
    await two.ended;
    const result = await run("echo $KEPT");
    assert.deepEqual([result.output.text, result.pid], ["yes\n", pid]);
    await socat().hears("\r\nyes\r\n");
  });

  it("closes with the shell, after its last words, and is gone", async () => {
    const viewer = socat();
    await viewer.hears("agent$ ");
    viewer.type("echo last$((1)); exit 3\r");
    assert.equal(await viewer.ended, 0);
    assert.match(viewer.shown, /last1\r\n(exit\r\n)?$/);
    await eventually("the socket is removed", () =>
      stat(path).then(
        () => false,
        () => true,
      ),
    );
    await run("PS1='agent$ '; echo anew");
    const found = await findSessions(host.home, { XDG_RUNTIME_DIR: host.home });
    assert.equal(found?.sessions[0]?.terminals[0]?.socketPath, path);
    await socat().hears("anew\r\n");
  });

  it("does not slow the shell for a viewer that reads nothing, which hears later what it has missed", async () => {
    const silent = connect(path).pause();
    await new Promise((resolve) => silent.once("connect", resolve));
    const watching = socat();
    await watching.hears("agent$ ");
    // Long lines, because the kernel takes its time for each.
    const flood = await run('yes "$(printf %0500d 0)" | head -c 20000000; echo; echo all$((1))');
    assert.equal(flood.exitCode, 0);
    await watching.hears("all1\r\n");
    let heard = "";
    silent.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    silent.resume();
    await eventually("it has caught up", () => heard.includes("all1\r\n"));
    assert.match(heard, /\[… \d+ bytes skipped …\]/);
    silent.destroy();
  });

  it("can be entered by its owner alone", async () => {
    for (const [file, mode] of [
      [path, 0o600],
      [host.place.controlSocket, 0o600],
      [host.place.tokenFile, 0o600],
      [host.place.folder, 0o700],
    ] as const) {
      assert.equal((await stat(file)).mode & 0o777, mode, file);
    }
    assert.ok(Buffer.byteLength(path) < 104);
  });
});
