/**
 * The sessions of the window's folders as groups of rows, kept up to date while somebody looks: by the events of those
 * that live here and by the changes that other windows make to files. When nobody looks, nothing is watched; no timer
 * runs but the one that gathers changes which have just come.
 */
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Log } from "../../ports/log.ts";
import type { SessionRecord } from "../../ports/session-store.ts";
import type { EventType } from "../../protocol/events.ts";
import type { SessionHub } from "./session-hub.ts";
import { groupRows, rowOfLive, rowOfRecord, type SessionGroup, type SessionRow } from "./session-row.ts";

/** Rows at first, and how many more each time older ones are asked for. */
export const PAGE_ROWS = 50;
/** Changes of this window are shown at once, those of others a little later: they may come in a stream. */
const OWN_DELAY_MS = 50;
const FOREIGN_DELAY_MS = 1_000;

/** After these a row says something else. */
const TELLING: ReadonlySet<EventType> = new Set<EventType>([
  "turn.started",
  "turn.resumed",
  "turn.finished",
  "permission.asked",
  "permission.answered",
  "question.asked",
  "question.answered",
]);

export interface SessionListOptions {
  readonly hub: Pick<SessionHub, "live" | "get" | "records" | "onEvent" | "onOpened" | "onGone">;
  /** Watches the files of the window's sessions, whoever writes them. */
  readonly watch: (onChange: (sessionId: string) => void) => Disposable;
  readonly log: Log;
  readonly now: () => number;
}

export class SessionList implements Disposable {
  readonly #options: SessionListOptions;
  readonly #changes: Emitter<void>;
  readonly #subscriptions: readonly Disposable[];
  #records: readonly SessionRecord[] = [];
  #limit = PAGE_ROWS;
  /** The files may say something else than `#records`. */
  #stale = true;
  #reading: Promise<void> | undefined;
  #watching: Disposable | undefined;
  #waiting: { readonly timer: NodeJS.Timeout; readonly delayMs: number } | undefined;

  constructor(options: SessionListOptions) {
    const { hub, log } = options;
    this.#options = options;
    this.#changes = new Emitter((error) => log.error("the list of sessions was not shown", error));
    this.#subscriptions = [
      hub.onEvent(({ event }) => {
        if (TELLING.has(event.type)) this.#changeSoon(OWN_DELAY_MS);
      }),
      hub.onOpened(() => this.refresh()),
      hub.onGone(() => this.refresh()),
    ];
  }

  onDidChange(listener: () => void): Disposable {
    return this.#changes.on(listener);
  }

  /** Whether there are more sessions than `groups` gives. */
  get hasOlder(): boolean {
    return this.#records.length > this.#limit;
  }

  /** Never rejects: what can not be read is logged, and the sessions of this window are there. */
  async groups(): Promise<readonly SessionGroup[]> {
    if (this.#stale || this.#reading) {
      this.#reading ??= this.#read();
      // What changes meanwhile is told as a change of its own.
      await this.#reading;
    }
    const { hub, now } = this.#options;
    const rows: SessionRow[] = hub.live.map(({ runtime }) => rowOfLive(runtime.state));
    const stored = this.#records.slice(0, this.#limit).filter(({ sessionId }) => !hub.get(sessionId));
    return groupRows([...rows, ...stored.map(rowOfRecord)], now());
  }

  showOlder(): void {
    this.#limit += PAGE_ROWS;
    this.refresh();
  }

  /** Looks at the files again. */
  refresh(): void {
    this.#stale = true;
    this.#changeSoon(OWN_DELAY_MS);
  }

  /** Somebody begins or ceases to look. */
  setVisible(visible: boolean): void {
    this.#watching?.dispose();
    this.#watching = undefined;
    if (!visible) return;
    this.#watching = this.#options.watch((sessionId) => {
      // What this window writes it knows by its events.
      if (this.#options.hub.get(sessionId)) return;
      this.#stale = true;
      this.#changeSoon(FOREIGN_DELAY_MS);
    });
    // Times have gone by, and others may have written.
    this.refresh();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#watching?.dispose();
    clearTimeout(this.#waiting?.timer);
    this.#changes.dispose();
  }

  async #read(): Promise<void> {
    const { hub, log } = this.#options;
    this.#stale = false;
    try {
      // One more than is shown tells whether there are older ones.
      this.#records = await hub.records(this.#limit + 1);
    } catch (error) {
      log.error("the sessions could not be listed", error);
    } finally {
      this.#reading = undefined;
    }
  }

  #changeSoon(delayMs: number): void {
    // Nobody looks: the next look asks anew.
    if (!this.#watching) return;
    if (this.#waiting && this.#waiting.delayMs <= delayMs) return;
    clearTimeout(this.#waiting?.timer);
    const timer = setTimeout(() => {
      this.#waiting = undefined;
      this.#changes.emit();
    }, delayMs);
    this.#waiting = { timer, delayMs };
  }
}
