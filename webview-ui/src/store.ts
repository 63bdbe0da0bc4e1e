/** The panel's state: what the host says, folded frame by frame, and what only the panel knows. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Image } from "../../src/protocol/items.ts";
import type { Op } from "../../src/protocol/ops.ts";
import type { HostMessage } from "../../src/protocol/webview.ts";
import type { Bridge, KeptState } from "./bridge.ts";
import { announcementFor } from "./logic/announce.ts";
import { batcher, type Clock } from "./logic/batcher.ts";
import { nothingShown, type Shown, takeIn } from "./logic/intake.ts";

export interface PanelState extends Shown {
  readonly draft: string;
  readonly images: readonly Image[];
  /** Cards the person has opened or closed; the default depends on the card. */
  readonly expanded: Readonly<Record<string, boolean>>;
  readonly announcement: string;
  /** Goes up whenever the composer should take the focus. */
  readonly focusRequests: number;
  readonly anchor: KeptState["anchor"];
}

export interface Panel {
  readonly store: StoreApi<PanelState>;
  readonly post: Bridge["post"];
  /** Sends an op to the shown session. */
  op(op: Op): void;
  set(patch: Partial<PanelState>): void;
  toggle(key: string, open: boolean): void;
  announce(text: string): void;
  focusComposer(): void;
  loadOlder(): void;
}

const KEEP_AFTER_MS = 300;

export function createPanel(bridge: Bridge, clock: Clock): Panel {
  const kept = bridge.kept();
  const store = createStore<PanelState>(() => ({
    ...nothingShown,
    draft: kept.draft,
    images: [],
    expanded: {},
    announcement: "",
    focusRequests: 0,
    anchor: kept.anchor,
  }));

  const receive = batcher<HostMessage>(clock, (batch) => {
    const state = store.getState();
    const { shown, resync, applied, focus } = takeIn(state, batch);
    const patch: Partial<PanelState> = { ...shown };
    const said = announcementFor(applied);
    if (said !== null) Object.assign(patch, { announcement: said });
    if (focus) Object.assign(patch, { focusRequests: state.focusRequests + 1 });
    if (focus?.text !== undefined) Object.assign(patch, { draft: focus.text });
    if (shown.session?.sessionId !== state.session?.sessionId) Object.assign(patch, { expanded: {} });
    store.setState(patch);
    if (resync) bridge.post({ type: "ready" });
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
    set: (patch) => store.setState(patch),
    toggle: (key, open) => store.setState((state) => ({ expanded: { ...state.expanded, [key]: open } })),
    announce: (announcement) => store.setState({ announcement }),
    focusComposer: () => store.setState((state) => ({ focusRequests: state.focusRequests + 1 })),
    loadOlder: () => {
      const { session, olderTurns, loadingOlder } = store.getState();
      const first = session?.turns[0];
      if (!first || olderTurns <= 0 || loadingOlder) return;
      store.setState({ loadingOlder: true });
      bridge.post({ type: "turns.load", beforeTurnId: first.turnId });
    },
  };
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
