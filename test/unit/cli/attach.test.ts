import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../../../scripts/debian-packages.ts";
import { hostPlace } from "../../../src/node/pty-host/host-place.ts";
import { HostedTerminals } from "../../../src/node/pty-host/hosted-terminals.ts";
import { silentLog } from "../../../src/ports/log.ts";
import type { CommandResult, Terminals } from "../../../src/ports/terminals.ts";
import { isAlive } from "../../support/end-pty-hosts.ts";
import { Person } from "../../support/person.ts";
import { type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually } from "../../support/terminals.ts";

const never = new AbortController().signal;
const detach = "\x1cd";

describe("codepilot attach", function () {
  this.timeout(120_000);
  let host: TestHost;
  let people: Person[];

  beforeEach(async () => {
    host = await testHost();
    people = [];
  });
  afterEach(async () => {
    for (const person of people) await person.leaves();
    await host.close();
  });

  async function run(terminals: Terminals, command: string, terminal = "main", timeoutMs = 8_000) {
    const commandId = `c-${Math.random()}`;
    const result = await terminals.run({
      terminal,
      command,
      commandId,
      timeoutMs,
      signal: never,
      maxOutputChars: 4_000,
    });
    if (result.kind !== "command") throw new Error(`${command}: ${JSON.stringify(result)}`);
    return result satisfies CommandResult;
  }
  async function agent(session?: string) {
    const terminals = host.client(session);
    await run(terminals, "PS1='agent$ '; echo before $((1+1))");
    return terminals;
  }
  function person(options: { cols?: number; rows?: number; cwd?: string } = {}): Person {
    const someone = new Person({ cwd: host.home, env: { XDG_RUNTIME_DIR: host.home }, ...options });
    people.push(someone);
    return someone;
  }

  it("shows what was there, edits lines with the shell there, and detaches with the keys it names", async () => {
    const terminals = await agent();
    const someone = person();
    await someone.sees("person$");
    someone.type("stty -a > before\r");
    await someone.attaches();
    await someone.sees(/attached to main of session session-1; Ctrl-\\ d detaches\n[\s\S]*before 2\nagent\$/);
    someone.type("ecXo ab\x1b[D\x1b[D\x1b[D\x1b[D\x7fh\x05-$((20+3))ü€😀\r");
    await someone.sees("\nab-23ü€😀\nagent$");
    someone.type("KEPT=yes\r");
    someone.type(detach);
    await someone.sees(/detached from main, which goes on\nperson\$/);
    assert.equal(await someone.exitCode(), 0);
    someone.type("stty -a > after\r");
    await someone.exitCode();
    assert.equal(await readFile(join(host.home, "after"), "utf8"), await readFile(join(host.home, "before"), "utf8"));
    const result = await run(terminals, "echo $KEPT");
    assert.equal(result.output.text, "yes\n");
  });

  it("passes the keys on that only look like the detach keys, and takes others", async () => {
    await agent();
    const someone = person();
    await someone.attaches("--detach-keys ctrl-p,ctrl-q");
    someone.type("echo o''ne\r");
    await someone.sees("\none\n");
    // Ctrl-P is the shell's way to the last command.
    someone.type("\x10");
    await someone.sees(/agent\$ echo o''ne$/);
    someone.type("\x15cat\r");
    await someone.sees(/agent\$ cat$/);
    // It runs: before, the signal would be the shell's.
    someone.type("purr\r");
    await someone.sees("\npurr\npurr");
    // SIGQUIT, a second after Ctrl-\, was it not for the other keys.
    someone.type("\x1c");
    await someone.sees(/Quit[^\n]*\nagent\$/);
    someone.type("\x10\x11");
    await someone.sees("detached from main");
  });

  it("gives the terminal its size and follows the window", async () => {
    const terminals = await agent();
    const someone = person({ cols: 101, rows: 33 });
    await someone.attaches();
    someone.type("stty size\r");
    await someone.sees("\n33 101\n");
    someone.resize(70, 15);
    await eventually("the size has arrived", async () => (await run(terminals, "stty size")).output.text === "15 70\n");
    const other = person({ cols: 90, rows: 20 });
    await other.attaches();
    someone.type("echo one $(stty size)\r");
    await someone.sees("\none 15 70\n");
    other.type("echo two $(stty size)\r");
    await other.sees("\ntwo 20 90\n");
    other.type(detach);
    await other.sees("detached");
    someone.type("\r");
    await eventually("the size is back", async () => (await run(terminals, "stty size")).output.text === "15 70\n");
  });

  it("shows full-screen programs, and gives the terminal back in the middle of one", async function () {
    if (findProgram(["less"]) === undefined) this.skip();
    await agent();
    await writeFile(join(host.home, "long.txt"), Array.from({ length: 200 }, (_, at) => `line ${at + 1}`).join("\n"));
    const someone = person();
    await someone.attaches();
    someone.type("printf '\\e[?1000h\\e[?1006h\\e[?25l'; less long.txt\r");
    await someone.sees(/line 23\nlong\.txt/);
    assert.ok(someone.onAlternateScreen);
    someone.type("G");
    await someone.sees(/line 200\n\(END\)/);
    someone.type(detach);
    await someone.sees(/detached from main[\s\S]*person\$/);
    assert.ok(!someone.onAlternateScreen);
    const { mouseTrackingMode, bracketedPasteMode, applicationCursorKeysMode } = someone.modes;
    assert.deepEqual(
      [mouseTrackingMode, bracketedPasteMode, applicationCursorKeysMode],
      // The person's own shell has set its own again.
      ["none", true, false],
    );
    assert.ok(someone.heard.includes("\x1b[?25h"));
    await someone.attaches();
    await someone.sees(/line 200\n\(END\)/);
    assert.ok(someone.onAlternateScreen);
    someone.type("q");
    await someone.sees(/agent\$ $|agent\$$/);
    assert.ok(!someone.onAlternateScreen);
  });

  it("edits a file with vim", async function () {
    const vim = findProgram(["vim", "vi"]);
    if (vim === undefined) this.skip();
    await agent();
    const someone = person();
    await someone.attaches();
    someone.type(`${vim} -u NONE new.txt\r`);
    await someone.sees(/"new\.txt" \[New/);
    someone.resize(60, 12);
    await someone.sees(/^\s*\n(~ *\n){9}~\s*$/);
    someone.type("ihello\x1b:wq\r");
    await someone.sees(/agent\$$/);
    assert.equal(await readFile(join(host.home, "new.txt"), "utf8"), "hello\n");
  });

  it("leaves line feeds alone that a program means as such", async () => {
    await agent();
    const someone = person();
    await someone.attaches();
    someone.type("stty -onlcr; printf 'one\\ntwo\\r\\n'; stty onlcr\r");
    await someone.sees("\n   two");
  });

  it("ends with the shell, with its exit code or signal", async () => {
    const terminals = await agent();
    const someone = person();
    for (const [ending, says, code] of [
      ["exit 7", /main has ended \(exit 7\)/, 7],
      ["exit 0", /main has ended \(exit 0\)/, 0],
      ["kill -9 $$", /main was ended by signal 9/, 137],
    ] as const) {
      await run(terminals, "PS1='agent$ '");
      await someone.attaches();
      someone.type(`${ending}\r`);
      await someone.sees(says);
      assert.equal(await someone.exitCode(), code);
    }
    someone.codepilot("attach");
    await someone.sees(/"main" has ended \(by a signal\); the agent's next command starts it anew/);
    assert.equal(await someone.exitCode(), 1);
  });

  it("ends when the agent ends the terminal or its session", async () => {
    const terminals = await agent();
    await terminals.open({ name: "other", createdBy: "agent" });
    const [someone, other] = [person(), person()];
    await someone.attaches();
    await other.attaches("other");
    await terminals.terminate("other");
    await other.sees(/other was ended by signal 1\nperson\$/);
    assert.equal(await other.exitCode(), 129);
    await terminals.close();
    await someone.sees(/main was ended by signal 1\nperson\$/);
  });

  it("goes when the window it runs in is closed", async () => {
    const terminals = await agent();
    const someone = new Person({ cwd: host.home, env: { XDG_RUNTIME_DIR: host.home } });
    await someone.attaches();
    const pid = (await someone.running()) ?? 0;
    await someone.leaves();
    await eventually("it is gone", () => !isAlive(pid));
    assert.equal((await run(terminals, "echo alive")).output.text, "alive\n");
  });

  it("says so when the pty host is killed", async () => {
    await agent();
    const someone = person();
    await someone.attaches();
    const pid = await host.pid();
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    await someone.sees(/the process that owned the terminals was ended, and the shell with it\nperson\$/);
    assert.equal(await someone.exitCode(), 1);
    await eventually("the client has noticed", () => host.complaints.includes("the pty host was lost"));
  });

  it("gives the terminal back when it is told to end, and leaves the shell alone when it is killed", async () => {
    const terminals = await agent();
    const someone = person();
    await someone.attaches();
    someone.type("printf '\\e[?1049h\\e[?1000h'; echo full\r");
    await someone.sees("\nfull");
    process.kill((await someone.running()) ?? 0, "SIGTERM");
    await someone.sees(/Terminated|person\$$/);
    assert.equal(await someone.exitCode(), 143);
    assert.ok(!someone.onAlternateScreen);
    assert.equal(someone.modes.mouseTrackingMode, "none");
    await someone.attaches();
    process.kill((await someone.running()) ?? 0, "SIGKILL");
    await someone.sees("Killed");
    assert.equal((await run(terminals, "echo alive")).output.text, "alive\n");
  });

  it("ends although nobody reads its terminal", async () => {
    const terminals = await agent();
    const someone = person();
    await someone.attaches();
    const pid = (await someone.running()) ?? 0;
    someone.lookAway();
    await run(terminals, "yes", "main", 500);
    process.kill(pid, "SIGTERM");
    await eventually("it has ended", async () => (await someone.running()) === null);
    await terminals.interrupt({ terminal: "main" });
    someone.lookAgain();
    assert.equal(await someone.exitCode(), 143);
  });

  it("holds nobody up when it is stopped, and tells later what was missed", async () => {
    const terminals = await agent();
    await terminals.open({ name: "other", createdBy: "agent" });
    const someone = person();
    await someone.attaches();
    const pid = (await someone.running()) ?? 0;
    process.kill(pid, "SIGSTOP");
    await someone.sees("Stopped");
    const hostPid = await host.pid();
    // Long lines, because the kernel takes its time for each.
    const flood = (bytes: number) => `yes "$(printf %0500d 0)" | head -c ${bytes}; echo; echo all`;
    await run(terminals, flood(10_000_000), "main", 20_000);
    const before = await residentBytes(hostPid ?? 0);
    assert.equal((await run(terminals, "echo other", "other")).output.text, "other\n");
    await run(terminals, flood(60_000_000), "main", 20_000);
    const grown = (await residentBytes(hostPid ?? 0)) - before;
    assert.ok(grown < 20_000_000, `the host has grown by ${grown} bytes`);
    someone.type("fg\r");
    await someone.sees(/\nall\nagent\$$/);
    assert.match(someone.heard, /\[… \d+ bytes skipped …\]/);
    someone.type("echo on$((1))\r");
    await someone.sees("\non1\n");
  });

  describe("says what there is", () => {
    it("in a list, from any folder below the workspace", async () => {
      const terminals = await agent("one");
      await run(host.client("two"), "true");
      await terminals.open({ name: "server", createdBy: "agent" });
      await run(terminals, "sleep 100; echo long enough to be cut at its end, since nobody wants it", "server", 200);
      const folder = join(host.home, "a", "b");
      await mkdir(folder, { recursive: true });
      const { stdout, code } = await codepilot(["attach", "--list"], folder);
      assert.equal(code, 0);
      const sockets = join(host.home, "codepilot").replaceAll("/", "\\/");
      const expected = [
        `terminals of ${host.home.replaceAll("/", "\\/")}`,
        "session one, active just now",
        "  TERMINAL  STATUS   COMMAND  +SOCKET",
        `  main      idle     PS1='agent\\$ '; echo before \\$\\(\\(1\\+1\\)\\)  +${sockets}\\S+\\.sock`,
        `  server    running  sleep 100; echo long enough to be cut at its end,…  ${sockets}\\S+\\.sock`,
        "session two, active just now",
      ];
      assert.match(stdout, new RegExp(`^${expected.join("\n")}\n`));
    });

    it("where the name, the session or the workspace is wrong", async () => {
      const terminals = await agent("one");
      await run(host.client("two"), "true");
      await terminals.open({ name: "server", createdBy: "agent" });
      await run(terminals, "true", "server");
      const missing = await codepilot(["attach", "severs"], host.home);
      assert.deepEqual([missing.code, missing.stdout], [1, ""]);
      assert.match(
        missing.stderr,
        /^codepilot: session one has no terminal "severs"; did you mean server\?\nterminals of/,
      );
      const ofOther = await codepilot(["attach", "server", "--session", "two"], host.home);
      assert.match(ofOther.stderr, /session two has no terminal "server"\n/);
      const unknown = await codepilot(["attach", "--session", "three"], host.home);
      assert.match(unknown.stderr, /^codepilot: no session "three" has terminals in /);
      const elsewhere = await codepilot(["attach", "-C", "/usr"], host.home);
      assert.deepEqual([elsewhere.code, elsewhere.stdout], [1, ""]);
      assert.match(elsewhere.stderr, /no agent has a terminal in \/usr or a folder above it/);
      assert.equal((await codepilot(["attach", "--list", "-C", "/usr"], host.home)).code, 0);
    });

    it("of a pty host that was started with another environment, but not of a folder that others can enter", async () => {
      const { XDG_RUNTIME_DIR: _, ...hostEnvironment } = process.env;
      const options = { session: "elsewhere", workspace: host.home, cwd: host.home, environment: { HOME: host.home } };
      const terminals = new HostedTerminals({ ...options, hostEnvironment, log: silentLog });
      await run(terminals, "true");
      const { stdout } = await codepilot(["attach", "--list"], host.home);
      assert.match(stdout, /\nsession elsewhere, active/);
      await terminals.close();
      const { folder } = await hostPlace(host.home, hostEnvironment);
      await eventually("that host has ended", () =>
        access(folder).then(
          () => false,
          () => true,
        ),
      );

      await agent();
      assert.equal((await codepilot(["attach", "nobody"], host.home)).code, 1);
      await chmod(host.place.folder, 0o755);
      const { stderr } = await codepilot(["attach", "nobody"], host.home);
      await chmod(host.place.folder, 0o700);
      assert.match(stderr, /no agent has a terminal/);
    });

    it("where there is no pty host, and starts none", async () => {
      assert.equal((await codepilot(["attach"], host.home)).code, 1);
      assert.equal((await codepilot(["attach", "--list"], host.home)).code, 0);
      assert.equal(await host.pid(), null);
    });

    it("where the command line is wrong", async () => {
      await agent();
      for (const [args, text] of [
        [["--list", "main"], /--list tells of all terminals/],
        [["--detach-keys", "alt-x"], /--detach-keys takes keys/],
        [["-C", "/does/not/exist"], /working directory/],
        [["--what"], /unknown option/],
        [["main"], /attach needs a terminal as standard input[\s\S]*socat - UNIX-CONNECT:\/\S+\.sock/],
      ] as const) {
        const { code, stderr } = await codepilot(["attach", ...args], host.home);
        assert.equal(code, 2, stderr);
        assert.match(stderr, text);
      }
    });

    it("when it is asked to show a terminal in itself", async () => {
      const terminals = await agent();
      const cli = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
      const command = `XDG_RUNTIME_DIR='${host.home}' '${process.execPath}' '${cli}' attach`;
      const result = await run(terminals, command);
      assert.equal(result.exitCode, 2);
      assert.match(result.output.text, /this shell is terminal main itself/);
    });
  });

  async function codepilot(args: readonly string[], cwd: string) {
    const cli = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
    const env = { ...process.env, XDG_RUNTIME_DIR: host.home };
    const child = promisify(execFile)(process.execPath, [cli, ...args], { cwd, env });
    child.child.stdin?.end();
    return child.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  }
});

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
