import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { hostPlace } from "../../../src/node/pty-host/host-place.ts";
import { thisMachine } from "../../../src/node/stores/writer-claim.ts";
import type { TerminalEvent } from "../../../src/ports/terminals.ts";
import { asNobody } from "../../support/as-nobody.ts";
import { rawClient, runIn, type TestHost, testHost } from "../../support/pty-host.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually } from "../../support/terminals.ts";

const source = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);

describe("the place of the pty host", function () {
  this.timeout(120_000);
  let host: TestHost;
  const complaint = (text: RegExp) => {
    const index = host.complaints.findIndex((each) => text.test(each));
    assert.ok(index >= 0, `${text} in ${host.complaints.join("\n")}`);
    host.complaints.splice(index, 1);
  };

  beforeEach(async () => {
    host = await testHost();
  });
  afterEach(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });

  it("can be entered and read by its user only, whatever the mask", async () => {
    const mask = process.umask(0);
    try {
      await runIn(host.client(), "true");
    } finally {
      process.umask(mask);
    }
    const { folder } = host.place;
    const modes = await Promise.all(
      [dirname(folder), folder, ...(await readdir(folder)).map((name) => join(folder, name))].map(async (path) => {
        const { mode } = await lstat(path);
        return `${basename(path)} ${(mode & 0o777).toString(8)}`;
      }),
    );
    assert.ok(modes.includes("codepilot 700") && modes.includes(`${basename(folder)} 700`), String(modes));
    const files = modes.slice(2);
    assert.ok(files.length >= 5 && files.every((mode) => mode.endsWith(" 600")), String(modes));
  });

  it("never shows a socket or a token with another mode, nor a socket without anybody behind it", async () => {
    const seen = new Set<string>();
    let looking = true;
    const looked = (async () => {
      while (looking) {
        for (const name of await readdir(host.place.folder).catch(() => [])) {
          if (!/\.sock$|^token$|^shells$/.test(name)) continue;
          const info = await lstat(join(host.place.folder, name)).catch(() => null);
          if (info !== null) seen.add(`${name.replace(/^t-.*/, "data")} ${(info.mode & 0o777).toString(8)}`);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const client = host.client();
    for (let index = 0; index < 5; index += 1) await client.open({ name: `t${index}`, createdBy: "agent" });
    looking = false;
    await looked;
    assert.deepEqual([...seen].sort(), ["control.sock 600", "data 600", "shells 600", "token 600"]);
  });

  for (const [what, make] of [
    ["a folder that others may read", (path: string) => mkdir(path, { mode: 0o755 })],
    ["a folder that others may write", (path: string) => mkdir(path).then(() => chmod(path, 0o777))],
    ["a link", (path: string) => symlink(tmpdir(), path)],
    ["a link to nowhere", (path: string) => symlink("/nowhere/at/all", path)],
    ["a file", (path: string) => writeFile(path, "")],
  ] as const) {
    for (const level of ["base", "folder"] as const) {
      it(`is refused when ${what} is there in its stead (${level})`, async () => {
        const { folder } = host.place;
        if (level === "folder") await mkdir(dirname(folder), { mode: 0o700 });
        const path = level === "base" ? dirname(folder) : folder;
        await make(path);
        const terminals = host.lasting();
        const remarks: string[] = [];
        terminals.on((event: TerminalEvent) => event.type === "remarked" && remarks.push(event.remark));
        await terminals.reconnect();
        assert.equal((await runIn(terminals, "echo here")).output.text, "here\n");
        await terminals.open({ name: "other", createdBy: "agent" });
        assert.equal(remarks.length, 1);
        assert.match(remarks[0] ?? "", /will end with CodePilot: .* is not a private folder of this user/);
        complaint(/the pty host can not be used/);
        await removeFolder(path);
      });
    }
  }

  it("is refused when another user has made it", async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const parent = await mkdtemp(join(tmpdir(), "cp-foreign-"));
    await chmod(parent, 0o1777);
    await mkdir(join(parent, "codepilot"), { mode: 0o700 });
    const said = await asNobody(`
      const { hostPlace, preparePlace } = await import(${source("src/node/pty-host/host-place.ts")});
      const { openSocket } = await import(${source("src/node/pty-host/host-connection.ts")});
      const place = await hostPlace("/", { XDG_RUNTIME_DIR: ${JSON.stringify(parent)} });
      const refused = await preparePlace(place).catch((error) => error.message);
      console.log(JSON.stringify([refused, await openSocket(place, { type: "lookup" })]));
    `);
    const [refused, socket] = JSON.parse(said) as [string, null];
    assert.match(refused, /is not a private folder of this user|can not be made/);
    assert.equal(socket, null);
    await removeFolder(parent);
  });

  it("tells why when nothing may be written there", async () => {
    const parent = await mkdtemp(join(tmpdir(), "cp-readonly-"));
    await chmod(parent, 0o555);
    const said = await asNobody(`
      const { placeAt, preparePlace } = await import(${source("src/node/pty-host/host-place.ts")});
      const place = placeAt(${JSON.stringify(join(parent, "codepilot", "key"))}, "");
      console.log(await preparePlace(place).catch((error) => error.message + " " + error.next));
    `);
    assert.match(said, /can not be made.* XDG_RUNTIME_DIR or TMPDIR/);
    await removeFolder(parent);
  });

  it("is found without a runtime folder, with one that is not there, is none or can not be used, and below a long name", async () => {
    const temporary = await mkdtemp(join(tmpdir(), "cp-tmp-"));
    const file = join(temporary, "file");
    await writeFile(file, "");
    const open = join(temporary, "open");
    await mkdir(open);
    await chmod(open, 0o777);
    const folderWith = async (env: NodeJS.ProcessEnv) => dirname((await hostPlace("/tmp", env)).folder);
    const own = `codepilot-${process.getuid?.()}`;
    for (const runtime of [undefined, "", join(temporary, "gone"), file, "relative/path", ".", open]) {
      const env = { TMPDIR: temporary, ...(runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime }) };
      assert.equal(await folderWith(env), join(temporary, own), String(runtime));
    }
    const long = join(temporary, "x".repeat(90));
    await mkdir(long);
    assert.equal(await folderWith({ TMPDIR: long }), join("/tmp", own));
    assert.equal(await folderWith({ TMPDIR: temporary, XDG_RUNTIME_DIR: long }), join(temporary, own));
    await removeFolder(temporary);
  });

  it("is one for a workspace, by whichever links it is reached, and another for each other one", async () => {
    const env = { XDG_RUNTIME_DIR: host.home };
    await mkdir(join(host.home, "work"));
    await symlink("work", join(host.home, "link"));
    const place = async (...path: string[]) => (await hostPlace(join(host.home, ...path), env)).folder;
    assert.equal(await place("work"), await place("link", ".", "..", "link"));
    assert.notEqual(await place("work"), await place("."));
    assert.notEqual(await place("gone"), await place("work"));
  });

  it("has room for sessions and terminals of any name", async () => {
    const names = ["a/b", "../../etc/passwd", "..", ".", "ü€😀", "a b'\"$(touch x)`", "-rf", "x".repeat(80)];
    const sessions = [...names.slice(0, 4), "s\0t", "x".repeat(200), "セッション"];
    for (const session of sessions) {
      assert.equal((await runIn(host.client(session), "echo $((6*7))")).output.text, "42\n", session);
    }
    const client = host.client("names");
    for (const name of names) {
      assert.equal((await client.open({ name, createdBy: "agent" })).kind, "opened", name);
      assert.equal((await runIn(client, "echo $((6*7))", { terminal: name })).output.text, "42\n", name);
    }
    const lookup = await rawClient(host.place, { type: "lookup" });
    const { sessions: told } = (await lookup.line(0)) as {
      sessions: { session: string; terminals: { name: string; socketPath: string | null }[] }[];
    };
    assert.deepEqual(told.map(({ session }) => session).sort(), [...sessions, "names"].sort());
    const paths = told.flatMap(({ terminals }) => terminals.flatMap(({ socketPath }) => socketPath ?? []));
    assert.equal(new Set(paths).size, sessions.length + names.length);
    assert.ok(paths.every((path) => dirname(path) === host.place.folder && Buffer.byteLength(path) <= 103));
    assert.deepEqual(await readdir(host.home), ["codepilot"]);
  });

  describe("after a host that was killed", () => {
    let stale: Server | undefined;
    afterEach(() => void stale?.close());

    async function leaveBehind(claim: string): Promise<void> {
      const { folder, claimFile, tokenFile, controlSocket } = host.place;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(claimFile, claim, { mode: 0o600 });
      await writeFile(tokenFile, "stale", { mode: 0o644 });
      await writeFile(join(folder, "t-0123456789ab.sock"), "");
      // A socket file that nobody listens behind: moved away from where it is taken away again.
      stale = createServer().listen(`${controlSocket}.x`);
      await once(stale, "listening");
      await rename(`${controlSocket}.x`, controlSocket);
      stale.close();
    }

    for (const [what, claim] of [
      ["is gone", async () => ({ pid: 2 ** 22 + 1, machine: await thisMachine(), start: "1", token: "t" })],
      [
        "has a process id that is another's now",
        async () => ({ pid: process.pid, machine: await thisMachine(), start: "1", token: "t" }),
      ],
      [
        "was on this machine before it was started again",
        async () => ({ pid: process.pid, machine: "other", start: "1", token: "t" }),
      ],
      ["was killed while it wrote its claim", async () => "{"],
    ] as const) {
      it(`is taken over when its owner ${what}`, async () => {
        const content = await claim();
        await leaveBehind(typeof content === "string" ? content : JSON.stringify(content));
        if (what.startsWith("was on")) {
          const long = new Date(Date.now() - 60_000);
          await utimes(host.place.claimFile, long, long);
        }
        assert.equal((await runIn(host.client(), "echo new")).output.text, "new\n");
        assert.notEqual(await host.pid(), process.pid);
        assert.deepEqual(
          (await readdir(host.place.folder)).filter((name) => name === "t-0123456789ab.sock"),
          [],
        );
        assert.equal((await stat(host.place.tokenFile)).mode & 0o777, 0o600);
        assert.equal((await readFile(host.place.tokenFile, "utf8")).length, 48);
      });
    }
  });

  it("gets one host when eight processes want to be the first to start it", async () => {
    const clients = Array.from({ length: 8 }, (_, index) =>
      host.clientProcess(`say((await run("echo $PPID")).output.text.trim()); await terminals.release();`, `s${index}`),
    );
    const parents = (await Promise.all(clients.map(({ ended }) => ended))).flat();
    assert.equal(parents.length, 8);
    assert.deepEqual([...new Set(parents)], [String(await host.pid())]);
    await Promise.all(Array.from({ length: 8 }, (_, index) => host.client(`s${index}`).close()));
    await eventually("it has ended", async () => (await host.pid()) === null);
  });
});
