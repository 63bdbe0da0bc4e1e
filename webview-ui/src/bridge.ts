/** The way to the extension host. The playground provides its own `acquireVsCodeApi`, so nothing else knows. */
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

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const nothingKept: KeptState = { draft: "", anchor: null };

export function vscodeBridge(): Bridge {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    listen: (receive) => {
      window.addEventListener("message", (event: MessageEvent<unknown>) => {
        const data = event.data;
        if (typeof data === "object" && data !== null && "type" in data) receive(data as HostMessage);
      });
    },
    kept: () => {
      const kept = { ...nothingKept, ...(api.getState() as Partial<KeptState> | undefined) };
      // An older version kept no place.
      return kept.anchor?.place ? kept : { ...kept, anchor: null };
    },
    keep: (state) => api.setState(state),
  };
}
