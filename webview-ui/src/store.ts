/** The panel's state: what the host says, folded frame by frame, and what only the panel knows. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Image, UserInput } from "../../src/protocol/items.ts";
import type { Op } from "../../src/protocol/ops.ts";
import { comparePlaces, FIRST_PLACE, type Place, samePlace } from "../../src/protocol/timeline.ts";
import type { HostMessage } from "../../src/protocol/webview.ts";
import type { Bridge, KeptState } from "./bridge.ts";
import { announcementFor } from "./logic/announce.ts";
import { batcher, type Clock } from "./logic/batcher.ts";
import { newerEdge, olderEdge, type Reading } from "./logic/held.ts";
import { type Loading, nothingShown, type Shown, takeIn } from "./logic/intake.ts";
import { withReturned } from "./logic/returned-input.ts";

export interface PanelState extends Shown {
  readonly draft: string;
  readonly images: readonly Image[];
  /** Cards the person has opened or closed; the default depends on the card. */
  readonly expanded: Readonly<Record<string, boolean>>;
  readonly announcement: string;
  /** A first task was sent and its session has not come yet. */
  readonly starting: boolean;
  /** Goes up whenever the composer should take the focus. */
  readonly focusRequests: number;
  /** The row at the top, when the person has scrolled up. */
  readonly anchor: KeptState["anchor"];
  /** A row that the person wants to see; a new object each time. */
  readonly revealed: { readonly rowKey: string } | null;
  /** Nothing is shown until the entries come where the person was before the page was reloaded. */
  readonly restoring: boolean;
}

export interface Panel {
  readonly store: StoreApi<PanelState>;
  readonly post: Bridge["post"];
  /** Sends an op to the shown session. */
  op(op: Op): void;
  /** Sends a task that has no session yet. */
  start(input: UserInput): void;
  set(patch: Partial<PanelState>): void;
  toggle(key: string, open: boolean): void;
  announce(text: string): void;
  focusComposer(): void;
  /** Scrolls to a row, after opening what it may be folded into. */
  reveal(rowKey: string, foldKey: string): void;
  /** Loads the entries before those held, and after them where there is a gap. False: nothing there, or busy. */
  loadOlder(): boolean;
  loadNewer(): boolean;
  /** As a person asks for it: goes there where there is no room for both that and the newest entries. */
  pageOlder(): void;
  /** To the first entry of the session. False when it is here already and only has to be scrolled to. */
  goToFirst(): boolean;
  /** To an entry far from what is held. */
  goTo(place: Place): void;
  /** A new list of the same rows, at the same place. */
  renewList(): void;
  /** Back to the live end, over a gap. */
  goToLatest(): void;
}

const KEEP_AFTER_MS = 300;
const PAGE_ENTRIES = 200;
/** One of these comes whatever became of it. */
const answersStart: ReadonlySet<HostMessage["type"]> = new Set(["snapshot", "input.returned", "failed"]);

export function createPanel(bridge: Bridge, clock: Clock): Panel {
  const kept = bridge.kept();
  const store = createStore<PanelState>(() => ({
    ...nothingShown,
    draft: kept.draft,
    images: [],
    expanded: {},
    announcement: "",
    starting: false,
    focusRequests: 0,
    anchor: kept.anchor,
    revealed: null,
    restoring: false,
  }));

  const ask = (direction: "before" | "after", place: Place, loading: Loading): void => {
    const sessionId = store.getState().session?.sessionId;
    if (sessionId === undefined) return;
    store.setState({ loading });
    bridge.post({ type: "entries.load", sessionId, direction, place });
  };

  /** What was asked for before this place has come; if the place is the edge still, it had to be dropped again. */
  let cameBefore: Place | null = null;
  const loadOlder = (): boolean => {
    const state = store.getState();
    const edge = olderEdge(state);
    if (!edge || state.loading !== null) return false;
    cameBefore = edge;
    ask("before", edge, "older");
    return true;
  };

  const receive = batcher<HostMessage>(clock, (batch) => {
    const state = store.getState();
    const { shown, resync, applied, focus, returned } = takeIn(state, batch, readingOf(state));
    const patch: Partial<PanelState> = { ...shown };
    if (shown.loading === null) Object.assign(patch, { restoring: false });
    if (batch.some(({ type }) => answersStart.has(type))) Object.assign(patch, { starting: false });
    const said = announcementFor(applied);
    if (said !== null) Object.assign(patch, { announcement: said });
    if (focus) Object.assign(patch, { focusRequests: state.focusRequests + 1 });
    if (focus?.text !== undefined) Object.assign(patch, { draft: focus.text });
    if (returned.length > 0) Object.assign(patch, withReturned({ ...state, ...patch }, returned));
    if (shown.session?.sessionId !== state.session?.sessionId) Object.assign(patch, { expanded: {} });
    const landing = state.synced ? null : placeToRestore(kept, shown);
    if (landing) Object.assign(patch, { restoring: true });
    store.setState(patch);
    if (resync) bridge.post({ type: "ready" });
    if (landing) ask("after", landing, { goTo: landing });
  });
  bridge.listen(receive);

  let keeping: ReturnType<typeof setTimeout> | undefined;
  const keepNow = (): void => {
    clearTimeout(keeping);
    keeping = undefined;
    const { draft, anchor } = store.getState();
    bridge.keep({ draft, anchor });
  };
  store.subscribe((state, before) => {
    if (state.draft === before.draft && state.anchor === before.anchor) return;
    keeping ??= setTimeout(keepNow, KEEP_AFTER_MS);
  });
  window.addEventListener("pagehide", keepNow);

  return {
    store,
    post: bridge.post,
    op: (op) => {
      const sessionId = store.getState().session?.sessionId;
      if (sessionId !== undefined) bridge.post({ type: "op", sessionId, op });
    },
    start: ({ text, images }) => {
      store.setState({ starting: true });
      bridge.post({ type: "session.start", text, ...(images ? { images: [...images] } : {}) });
    },
    set: (patch) => store.setState(patch),
    toggle: (key, open) => store.setState((state) => ({ expanded: { ...state.expanded, [key]: open } })),
    announce: (announcement) => store.setState({ announcement }),
    focusComposer: () => store.setState((state) => ({ focusRequests: state.focusRequests + 1 })),
    reveal: (rowKey, foldKey) =>
      store.setState(({ expanded }) => ({ expanded: { ...expanded, [foldKey]: true }, revealed: { rowKey } })),
    loadOlder,
    pageOlder: () => {
      const state = store.getState();
      const edge = olderEdge(state);
      if (!edge || state.loading !== null) return;
      if (!cameBefore || !samePlace(edge, cameBefore)) {
        loadOlder();
        return;
      }
      const place = pageBefore(edge);
      ask("after", place, { goTo: place });
    },
    loadNewer: () => {
      const state = store.getState();
      const edge = newerEdge(state);
      if (!edge || state.loading !== null) return false;
      ask("after", edge, "newer");
      return true;
    },
    goToFirst: () => {
      if (olderEdge(store.getState()) === null) return false;
      ask("after", FIRST_PLACE, { goTo: FIRST_PLACE });
      return true;
    },
    goTo: (place) => ask("after", place, { goTo: place }),
    renewList: () => store.setState((state) => ({ visit: state.visit + 1, landing: readingOf(state) })),
    goToLatest: () =>
      store.setState(({ visit }) => ({ past: null, loading: null, visit: visit + 1, landing: null, anchor: null })),
  };
}

function readingOf({ anchor, session }: PanelState): Reading {
  return anchor && anchor.sessionId === session?.sessionId ? anchor.place : null;
}

/** Where the person was before a reload, when the first snapshot does not reach back so far. */
function placeToRestore({ anchor }: KeptState, { session, synced, from }: Shown): Place | null {
  if (!synced || !anchor || anchor.sessionId !== session?.sessionId) return null;
  return comparePlaces(anchor.place, from) < 0 ? anchor.place : null;
}

/** Where about a page that ends at `place` begins: in the same turn, else where the turn before does. */
function pageBefore({ turn, entry }: Place): Place {
  return entry > 0 ? { turn, entry: Math.max(0, entry - PAGE_ENTRIES) } : { turn: Math.max(0, turn - 1), entry: 0 };
}

export const PanelContext = createContext<Panel | null>(null);

export function usePanel(): Panel {
  const panel = useContext(PanelContext);
  if (!panel) throw new Error("No panel around this component");
  return panel;
}

export function usePanelState<T>(select: (state: PanelState) => T): T {
  return useStore(usePanel().store, select);
}
