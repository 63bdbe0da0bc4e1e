/** Commands in terminals: while they run, when they go on after their call, however they end, whatever they print. */
import type { ToolDisplay } from "../../../../src/protocol/items.ts";
import type { ViewMessage } from "../../../../src/protocol/webview.ts";
import { FOLDER, type Scene, type Script, type Stage } from "../stage.ts";
import { failedOutput, ran } from "./material.ts";
import { ProgramCalls, program } from "./program-material.ts";

/** One call that runs a command; more calls of the same response may follow. */
function request(script: Script, command: string, terminal = "main"): string {
  return script.request("execute", { session_id: terminal, command }, `$ ${command}`);
}

function runs(script: Script, command: string, terminal = "main"): string {
  const callId = request(script, command, terminal);
  script.response().begin(callId, terminal);
  return callId;
}

/** The call ends and its command goes on. */
function leave(script: Script, callId: string, command: string, outputTail: string, terminal: string): void {
  const display: ToolDisplay = {
    ...{ kind: "command", terminal, command, commandId: `of-${callId}`, status: "running" },
    ...{ exitCode: null, cwd: FOLDER, outputTail },
  };
  script.finish(callId, "done", display, "", 10_000);
}

function over(script: Script, callId: string, terminal: string, exitCode: number, outputTail: string, mine = false) {
  const end = { status: "completed", exitCode, durationMs: 754_000, outputTail } as const;
  const by = mine ? ({ endedBy: "person" } as const) : {};
  script.add({ type: "command.finished", callId, terminal, commandId: `of-${callId}`, ...end, ...by });
}

const isStop = (message: ViewMessage): boolean => message.type === "op" && message.op.type === "command.stop";

/** As the engine and the model take it: the call ends, the turn goes on. */
async function stopped(stage: Stage, callId: string, command: string, output: string): Promise<void> {
  const { script } = stage;
  await stage.next(isStop);
  await stage.sleep(250);
  script.finish(callId, "done", { ...ran(command, output, 130), endedBy: "person" } as ToolDisplay, "", 9_300);
  stage.send();
  await stage.sleep(500);
  await stage.stream("You stopped it, so I look at what there is.");
  script.response().end();
  stage.send();
}

const testsSoFar = [
  "\u001b[2m> shop@1.0.0 e2e\u001b[22m\r\n\u001b[2m> playwright test\u001b[22m\r\n\r\n",
  ...Array.from(
    { length: 14 },
    (_, n) => `\u001b[32m✔\u001b[39m ${n + 1} opens shelf ${n + 1} \u001b[90m(0.${n}s)\r\n`,
  ),
  "\u001b[0m\u001b[31m✖\u001b[39m 15 pays with a coupon\r\n",
].join("");

export const commandRunning: Scene = {
  before: (script) => {
    script.turn("Run the end-to-end tests");
    const callId = runs(script, "npm run e2e -- --project=chromium --reporter=line");
    script.prints(callId, testsSoFar);
    for (let percent = 0; percent < 63; percent += 1) {
      script.prints(callId, `\r\u001b[K[${"#".repeat(percent / 3).padEnd(33, ".")}] ${percent}% of 48 tests`, 100);
    }
  },
  play: (stage) => {
    const begun = stage.script.events.findLast(({ type }) => type === "tool.started");
    const callId = begun?.type === "tool.started" ? begun.callId : "";
    return stopped(stage, callId, "npm run e2e -- --project=chromium --reporter=line", "✖ 15 pays with a coupon\n^C\n");
  },
};

const listening =
  "\n> shop@1.0.0 dev\n> vite\n\n  VITE v7.1.2  ready in 312 ms\n\n  ➜  Local:   http://127.0.0.1:5173/\n";

export const commandBackground: Scene = {
  before: (script) => {
    script.turn("Start the shop and look at it");
    const callId = runs(script, "npm run dev", "server");
    leave(script, callId, "npm run dev", listening, "server");
    script.says("The shop runs at http://127.0.0.1:5173.").response().end();
    script.at = Date.now() - 95_000;
    script.turn("And the build?");
    script.tool(
      "execute",
      { command: "npm run build" },
      "$ npm run build",
      ran("npm run build", "built in 1.2 s\n"),
      1_900,
    );
    script.says("It builds.").response().end();
    for (let n = 0; n < 6; n += 1) {
      const chunk = `\u001b[90m12:0${n}:17\u001b[39m \u001b[36m[vite]\u001b[39m page reload src/cart-${n}.ts\r\n`;
      script.add({ type: "terminal.output", terminal: "server", chunk }, 100);
    }
  },
  play: async (stage) => {
    const { script } = stage;
    const begun = script.events.find(({ type }) => type === "tool.started");
    await stage.next(isStop);
    await stage.sleep(250);
    over(script, begun?.type === "tool.started" ? begun.callId : "", "server", 130, `${listening}^C\n`, true);
    stage.send();
  },
};

export const commandEnds: Scene = {
  before: (script) => {
    script.turn("Show every end of a command");
    const quick = runs(script, "git status --short");
    script.finish(quick, "done", ran("git status --short", " M src/cart.ts\n"), "", 180);
    const silent = runs(script, "mkdir -p dist");
    script.finish(silent, "done", ran("mkdir -p dist", ""), "", 60);
    const failed = runs(script, "npm test");
    script.finish(failed, "done", ran("npm test", failedOutput, 1), "", 1_840);
    const mine = runs(script, "npm run bench -- --all --repeat 20");
    script.finish(
      mine,
      "done",
      { ...ran("npm run bench", "warming up…\n", 130), endedBy: "person" } as never,
      "",
      4_200,
    );
    const turn = runs(script, "sleep 600");
    script.finish(turn, "cancelled", ran("sleep 600", "", 130), "Stopped by the person.", 61_000);
    for (const [terminal, exitCode, byMe] of [
      ["server", 130, true],
      ["watch", 1, false],
      ["docs", 0, false],
    ] as const) {
      const callId = runs(script, `npm run ${terminal}`, terminal);
      leave(script, callId, `npm run ${terminal}`, "started\n", terminal);
      over(script, callId, terminal, exitCode, "started\nstopped\n", byMe);
    }
    const lost = runs(script, "npm run lost", "lost");
    const info = { pid: 7, shell: "bash", cwd: FOLDER, createdBy: "agent", status: "running" } as const;
    const terminal = { ...info, name: "lost", command: "npm run lost", exitCode: null };
    script.add({ type: "terminal.opened", terminal });
    leave(script, lost, "npm run lost", "listening\n", "lost");
    script.add({ type: "terminal.exited", terminal: "lost", exitCode: null }, 30_000);
    script.says("These are all of them.").response().end();
  },
};

const garbage = Array.from({ length: 1_500 }, (_, n) => String.fromCharCode((n * 7919) % 256)).join("");

export const commandOdd: Scene = {
  before: (script) => {
    script.turn("Print odd things, and go on");
    const line = request(script, "cat app.min.js", "a");
    const binary = request(script, "cat /usr/bin/true", "b");
    const wide = request(script, "cat 文章.txt", "c");
    const screen = request(script, "vim src/cart.ts", "d");
    const drawn = request(script, "docker compose pull", "e");
    script.response();
    for (const [callId, terminal] of [
      [line, "a"],
      [binary, "b"],
      [wide, "c"],
      [screen, "d"],
      [drawn, "e"],
    ] as const) {
      script.begin(callId, terminal);
    }
    script.prints(line, `!function(){${"a(b,c);".repeat(20_000)}}();`);
    script.prints(binary, `\u007fELF\ufffd\ufffd${garbage}\r\n\ufffd\ufffd\u0000\u0001${garbage}`);
    const words = "価格は税込みです。クーポンは一回限り有効。👩‍👩‍👧‍👦 e\u0301\u0301\u0301 ".repeat(6);
    script.prints(wide, `${words}\r\nשלום עולם، مرحبا بالعالم\r\n\u202egnirts desrever\r\n${words}`);
    script.prints(screen, "\u001b[?1049h\u001b[H~\r\n~\r\n~\r\n\u001b[24;1H-- INSERT --");
    for (let step = 0; step < 30; step += 1) {
      const up = step === 0 ? "" : "\u001b[3A";
      const rows = ["web", "db", "cache"].map(
        (name, n) => `\u001b[2K ⠿ ${name} Pulling ${Math.min(100, step * (n + 2))}%\r\n`,
      );
      script.prints(drawn, up + rows.join(""));
    }
  },
};

const FLOOD_UPDATES = 3_000;

export const commandFlood: Scene = {
  before: (script) => {
    script.turn("Print without end");
    runs(script, "yes | nl");
  },
  play: async (stage) => {
    const { script } = stage;
    const begun = script.events.findLast(({ type }) => type === "tool.started");
    const callId = begun?.type === "tool.started" ? begun.callId : "";
    let line = 0;
    for (let update = 0; update < FLOOD_UPDATES; update += 1) {
      let chunk = "";
      while (chunk.length < 16_000)
        chunk += `\u001b[33m${String(++line).padStart(8)}\u001b[0m  lorem ipsum dolor sit\r\n`;
      script.prints(callId, chunk, 0);
      stage.send();
      await stage.sleep(20);
    }
    script.finish(callId, "done", ran("yes | nl", `${line}\ty\n`, 0), "", 60_000);
    script.says("That was the flood.").response().end();
    stage.send();
  },
};

/** The card of a command among the calls of a program. */
export const commandInProgram: Scene = {
  before: (script) => {
    script.turn("Build it");
    const parts = {
      words: "I build and test it.",
      code: 'execute("main", "npm run build")\nexecute("main", "npm test")',
    };
    const calls = new ProgramCalls(script, program(script, parts));
    const built = calls.request(1, "execute", { command: "npm run build" }, "$ npm run build");
    script.begin(built).finish(built, "done", ran("npm run build", "built in 1.2 s\n"), "", 1_300);
    const callId = calls.request(2, "execute", { command: "npm test" }, "$ npm test");
    script.begin(callId).prints(callId, testsSoFar);
    script.at = Date.now() - 5_000;
  },
  play: async (stage) => {
    const callId = stage.script.events.flatMap((event) => (event.type === "tool.started" ? [event.callId] : [])).at(-1);
    await stage.next(isStop);
    stage.script.finish(
      callId ?? "",
      "done",
      { ...ran("npm test", "^C\n", 130), endedBy: "person" } as never,
      "",
      7_000,
    );
    stage.send();
  },
};

const esc = "\u001b[";
const row = (first: number, count: number, of: (code: number) => string) =>
  Array.from({ length: count }, (_, n) => `${esc}${of(first + n)}m ${first + n} ${esc}0m`).join("");

/** All that colours can be, while a command runs and after another has ended. */
export const colours: Scene = {
  before: (script) => {
    script.turn("Show me the colours");
    const lines = [
      row(30, 8, String),
      row(90, 8, String),
      row(40, 8, String),
      row(100, 8, String),
      row(0, 16, (code) => `38;5;${code}`),
      row(160, 12, (code) => `38;5;${code}`),
      row(232, 12, (code) => `38;5;${code}`),
      `${esc}1mbold${esc}0m ${esc}3mitalic${esc}0m ${esc}4munder${esc}9mlined and struck${esc}0m ${esc}7minverse${esc}0m`,
    ];
    script.tool("execute", { command: "colours" }, "$ colours", ran("colours", `${lines.join("\r\n")}\r\n`), 120);
    const tests = [
      `${esc}0m${esc}7m${esc}1m${esc}32m PASS ${esc}39m${esc}22m${esc}27m test/${esc}1mcart.test.ts${esc}22m`,
      `  ${esc}32m✓${esc}39m ${esc}2msums its lines (1 ms)${esc}22m`,
      `${esc}41m${esc}97m FAIL ${esc}0m test/${esc}1mcoupon.test.ts${esc}22m`,
      `  ${esc}31m✕ takes a percentage off${esc}39m`,
      `${esc}38;2;255;140;0mwarning${esc}0m: ${esc}36mone${esc}0m test is ${esc}33mslow${esc}0m`,
    ];
    const callId = runs(script, "npm test");
    script.prints(callId, `${tests.join("\r\n")}\r\n`);
  },
};
