/** An extension host in the page: holds the state of a scene, sends snapshots and events, answers the simple messages. */
import { reduce, reduceAll } from "../../../src/protocol/reduce.ts";
import type { SessionState } from "../../../src/protocol/state.ts";
import { FIRST_PLACE, type Place, stretchAfter, stretchBefore, stretchOf } from "../../../src/protocol/timeline.ts";
import type { HostMessage, ViewEnvironment, ViewMessage } from "../../../src/protocol/webview.ts";
import { freeTurn } from "./scenes/free-turn.ts";
import { FOLDER, type Scene, Script, SESSION_ID, type Stage } from "./stage.ts";

/** As the real host has them. */
const SNAPSHOT = { entries: 60, chars: 300_000 };
const PAGE = { entries: 200, chars: 1_000_000 };
const KEPT = "codepilot-playground-kept";

const environment: ViewEnvironment = {
  productVersion: "0.1.0",
  model: "openai/gpt-5.2",
  modelLabel: "GPT-5.2",
  demo: false,
  modelReady: true,
  modelProblem: null,
  folders: [{ name: "shop", path: FOLDER }],
  home: FOLDER,
  trusted: true,
  prompt: "card",
  recent: [],
};

export interface FakeHostOptions {
  readonly speed: number;
  /** Before the answer to a request for entries: an extension host answers after a while. */
  readonly answerMs?: number;
  /** The page's own window, where the panel is not in a frame. */
  readonly panel?: () => Window;
}

export function fakeHost(scene: Scene, options: FakeHostOptions) {
  const began = performance.now();
  const script = new Script(Date.now() - 600_000);
  scene.before?.(script.opened());
  script.at = Math.min(script.at, Date.now());
  let state: SessionState | null = scene.noSession ? null : reduceAll(script.events);
  if (state && scene.interrupted) state = { ...state, phase: "interrupted" };
  let sent = script.events.length;
  let sentSeq = 0;
  let playing = false;
  const waiting: { fits: (message: ViewMessage) => boolean; resolve: (message: ViewMessage) => void }[] = [];
  const log: ViewMessage[] = [];
  // For tests and measurements: what the panel has said, and what the scene itself has cost.
  Object.assign(globalThis, { playground: { log, preparedMs: performance.now() - began } });

  function post(message: HostMessage): void {
    (options.panel?.() ?? window).postMessage(JSON.parse(JSON.stringify(message)), "*");
  }

  function send(): void {
    const events = script.events.slice(sent);
    sent = script.events.length;
    if (!state) state = reduceAll(script.events.slice(0, sent - events.length));
    for (const event of events) state = reduce(state, event);
    if (events.length > 0) {
      post({ type: "events", sessionId: SESSION_ID, afterSeq: sentSeq, events, phase: state.phase });
    }
    sentSeq = script.seq;
  }

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms / options.speed));
  const isStop = (message: ViewMessage) => message.type === "op" && message.op.type === "turn.interrupt";
  let stopped = false;

  const stage: Stage = {
    script,
    send,
    sleep: async (ms) => {
      await sleep(ms);
      script.at = Math.max(script.at, Date.now());
    },
    next: (fits) => new Promise((resolve) => waiting.push({ fits, resolve })),
    stopped: () => stopped,
    stream: async (text, kind = "assistant_message", charsPerSecond = 400) => {
      const itemId = script.id("item");
      const type = kind === "reasoning" ? "reasoning.delta" : "text.delta";
      script.add({ type: "item.started", itemId, kind });
      const step = Number.isFinite(options.speed)
        ? Math.max(1, Math.round((charsPerSecond * options.speed) / 20))
        : 4_000;
      for (let from = 0; from < text.length && !stopped; from += step) {
        script.add({ type, itemId, delta: text.slice(from, from + step) }, 0);
        send();
        await new Promise((resolve) => setTimeout(resolve, 50));
        script.at = Math.max(script.at, Date.now());
      }
      if (!stopped) script.add({ type: "item.finished", item: { kind, id: itemId, text } }, 0);
      send();
    },
  };

  function snapshot(): void {
    const whole = stretchOf(state?.turns ?? []);
    const { from, turns } = stretchBefore(whole, whole.to, SNAPSHOT);
    post({ type: "snapshot", state: state && { ...state, turns }, from: state ? from : FIRST_PLACE });
    sentSeq = script.seq;
  }

  function page(direction: "before" | "after", place: Place): void {
    const whole = stretchOf(state?.turns ?? []);
    const stretch = direction === "before" ? stretchBefore(whole, place, PAGE) : stretchAfter(whole, place, PAGE);
    post({ type: "entries", sessionId: SESSION_ID, afterSeq: sentSeq, ...stretch });
  }

  async function run(play: (stage: Stage) => Promise<void>): Promise<void> {
    playing = true;
    stopped = false;
    await play(stage);
    playing = false;
  }

  function receive(message: ViewMessage): void {
    log.push(message);
    if (isStop(message)) {
      stopped = true;
      script.end("interrupted", 1, 4_200);
      send();
    }
    const at = waiting.findIndex(({ fits }) => fits(message));
    if (at >= 0) {
      waiting.splice(at, 1)[0]?.resolve(message);
      return;
    }
    switch (message.type) {
      case "ready":
        post({ type: "environment", environment: { ...environment, ...scene.environment } });
        snapshot();
        if (!playing && scene.play && log.filter(({ type }) => type === "ready").length === 1) void run(scene.play);
        break;
      case "entries.load":
        setTimeout(() => page(message.direction, message.place), options.answerMs ?? 30);
        break;
      case "session.start":
        state = reduceAll(script.events);
        snapshot();
        void run((stage) => freeTurn(stage, message.text));
        break;
      case "session.new":
        state = null;
        snapshot();
        break;
      case "op":
        answerOp(message.op);
        break;
    }
  }

  function answerOp(op: Extract<ViewMessage, { type: "op" }>["op"]): void {
    if ((op.type === "turn.submit" || op.type === "turn.steer") && !playing) {
      void run((stage) => freeTurn(stage, op.input.text));
    } else if (op.type === "turn.submit" || op.type === "turn.steer") {
      const mode = op.type === "turn.submit" ? ("queue" as const) : ("steer" as const);
      script.add({ type: "message.queued", messageId: script.id("message"), input: op.input, mode });
      send();
    } else if (op.type === "message.withdraw") {
      script.add({ type: "message.withdrawn", messageId: op.messageId });
      send();
    }
  }

  return {
    postMessage: (message: unknown) => receive(message as ViewMessage),
    getState: () => JSON.parse(sessionStorage.getItem(KEPT) ?? "null") ?? undefined,
    setState: (kept: unknown) => sessionStorage.setItem(KEPT, JSON.stringify(kept)),
  };
}
