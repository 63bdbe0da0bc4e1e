/** Output reaches a pane no faster than a slow connection to the window may take it; what is typed never waits. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import type { Clock } from "../../../src/base/clock.ts";
import { burstBytes, bytesPerSecond, OutputPace } from "../../../src/host/terminals/output-pace.ts";
import { silentLog } from "../../../src/ports/log.ts";
import type { TerminalAttachment, Terminals } from "../../../src/ports/terminals.ts";
import { RawHistory } from "../../../src/terminals/raw-history.ts";
import { Viewer } from "../../../src/terminals/viewer.ts";
import { eventually } from "../../support/terminals.ts";

class HandClock implements Clock {
  time = 5_000;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  now(): number {
    return this.time;
  }
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { until: this.time + delayMs, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => resolve());
    });
  }
  pass(ms: number): void {
    this.time += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.time) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

const piece = "x".repeat(64_000);

describe("the pace of a pane", () => {
  it("lets a burst and everything small through at once", () => {
    const clock = new HandClock();
    const pace = new OutputPace(clock);
    for (let bytes = 0; bytes < burstBytes; bytes += piece.length) assert.equal(pace.took(piece), undefined);
    // As it is just after a flood, a keystroke a moment.
    for (let key = 0; key < 100; key += 1) {
      clock.pass(1);
      assert.equal(pace.took("key"), undefined);
    }
  });

  it("hands over no more than the rate in the long run, whatever is in the text", async () => {
    const clock = new HandClock();
    const pace = new OutputPace(clock);
    const wide = "€".repeat(20_000);
    let bytes = 0;
    const began = clock.now();
    for (let count = 0; count < 200; count += 1) {
      bytes += Buffer.byteLength(wide);
      let free = false;
      const pending = pace.took(wide);
      if (pending === undefined) continue;
      void pending.then(() => {
        free = true;
      });
      while (!free) {
        clock.pass(1);
        await Promise.resolve();
        await Promise.resolve();
      }
    }
    const seconds = (clock.now() - began) / 1_000;
    assert.ok(bytes <= burstBytes + bytesPerSecond * (seconds + 0.1), `${bytes} in ${seconds} s`);
    assert.ok(seconds * bytesPerSecond <= bytes, `${seconds} s for ${bytes}`);
  });

  it("gives the burst back with time, but no more than that, and minds no clock that is set back", () => {
    const clock = new HandClock();
    const pace = new OutputPace(clock);
    const floods = () => {
      let bytes = 0;
      while (pace.took(piece) === undefined) bytes += piece.length;
      return bytes;
    };
    const first = floods();
    clock.pass(60_000);
    assert.equal(floods(), first);
    clock.pass(-30_000);
    void pace.took("");
    clock.pass(1_000);
    assert.equal(floods(), first);
  });

  it("lets go of whoever waits when it is disposed, and holds nobody back from then on", async () => {
    const pace = new OutputPace(new HandClock());
    const pending = pace.took(piece.repeat(20));
    assert.ok(pending instanceof Promise);
    pace.dispose();
    await pending;
    assert.equal(pace.took(piece), undefined);
  });
});

describe("the pane of a terminal that floods", () => {
  const stub = `export class EventEmitter {
    #listeners = [];
    event = (listener) => void this.#listeners.push(listener);
    fire(value) { for (const listener of this.#listeners) listener(value); }
  }`;
  async function paneClass() {
    const hooks = registerHooks({
      resolve: (name, context, next) =>
        name === "vscode"
          ? { url: `data:text/javascript,${encodeURIComponent(stub)}`, shortCircuit: true }
          : next(name, context),
    });
    try {
      return (await import("../../../src/host/terminals/shared-pseudoterminal.ts")).SharedPseudoterminal;
    } finally {
      hooks.deregister();
    }
  }

  it("skips what is too much and goes on with the newest; closed, it keeps nobody waiting", async () => {
    const SharedPseudoterminal = await paneClass();
    const history = new RawHistory(256 * 1024);
    let viewer: Viewer | undefined;
    const settled: Promise<void>[] = [];
    const terminals = {
      attach: async (_: string, deliver: (data: string) => void | Promise<void>): Promise<TerminalAttachment> => {
        const repaint = async () => ({ text: "", position: history.end });
        const made = new Viewer({ history, position: 0, deliver, repaint });
        viewer = made;
        made.start();
        return {
          snapshot: "snapshot",
          size: { cols: 80, rows: 24 },
          ended: new Promise(() => undefined),
          write() {},
          resize() {},
          dispose: () => settled.push(made.settled()),
        };
      },
    } as unknown as Terminals;
    const clock = new HandClock();
    const pane = new SharedPseudoterminal({ terminals, name: "main", log: silentLog, onClosed() {}, clock });
    let [shown, last] = [0, ""];
    pane.onDidWrite((data) => {
      shown += data.length;
      last = data;
    });
    pane.open(undefined);
    const print = async (text: string) => {
      history.push(text);
      viewer?.notify();
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await print("before");
    await eventually("it is open", () => last === "before");
    const total = 80 * piece.length;
    for (let count = 0; count < 80; count += 1) await print(`${piece.slice(1)}\n`);
    assert.ok(shown <= burstBytes + 3 * piece.length, `${shown} of ${total}`);
    await print("the end");
    for (let count = 0; !last.endsWith("the end") && count < 100; count += 1) {
      clock.pass(100);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(last.endsWith("the end"));
    assert.ok(shown <= burstBytes + 8 * piece.length, `${shown} of ${total}`);

    for (let count = 0; count < 20; count += 1) await print(`${piece.slice(1)}\n`);
    pane.close();
    await Promise.all(settled);
    viewer?.dispose();
  });
});
