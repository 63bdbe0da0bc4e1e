/** What the page's first script leaves for the panel. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

export interface EarlyBridge {
  readonly api: VsCodeApi;
  /** Gets every message that comes; until the panel listens it puts them into `waiting`. */
  receive: (data: unknown) => void;
  readonly waiting: unknown[];
}

declare global {
  function acquireVsCodeApi(): VsCodeApi;
  var codepilotEarly: EarlyBridge;
}
