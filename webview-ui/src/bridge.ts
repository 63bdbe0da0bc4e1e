/**
 * The way to the extension host, which start.ts has opened. The playground provides its own `acquireVsCodeApi`, so
 * nothing else knows.
 */
import "./early-bridge.ts";
import type { Place } from "../../src/protocol/timeline.ts";
import type { HostMessage, ViewMessage } from "../../src/protocol/webview.ts";

/** What survives a reload of the webview: only what the host does not have. */
export interface KeptState {
  readonly draft: string;
  /** Row at the top of the timeline when the person had scrolled up; null at the bottom. */
  readonly anchor: { readonly sessionId: string; readonly rowKey: string; readonly place: Place } | null;
}

export interface Bridge {
  post(message: ViewMessage): void;
  listen(receive: (message: HostMessage) => void): void;
  kept(): KeptState;
  keep(state: KeptState): void;
}

const nothingKept: KeptState = { draft: "", anchor: null };

export function vscodeBridge(): Bridge {
  const early = globalThis.codepilotEarly;
  const { api } = early;
  return {
    post: (message) => api.postMessage(message),
    listen: (receive) => {
      early.receive = (data) => {
        if (typeof data === "object" && data !== null && "type" in data) receive(data as HostMessage);
      };
      for (const data of early.waiting.splice(0)) early.receive(data);
    },
    kept: () => {
      const kept = { ...nothingKept, ...(api.getState() as Partial<KeptState> | undefined) };
      // An older version kept no place.
      return kept.anchor?.place ? kept : { ...kept, anchor: null };
    },
    keep: (state) => api.setState(state),
  };
}
