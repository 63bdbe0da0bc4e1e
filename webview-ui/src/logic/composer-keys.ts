/** What a key does in the composer, as a table that can be read and tested. */

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
}

export interface ComposerSituation {
  readonly running: boolean;
  /** There is something to send and nothing forbids it. */
  readonly canSend: boolean;
  readonly empty: boolean;
  readonly hasHistory: boolean;
}

export type ComposerAction = "send" | "steer" | "queue" | "stop" | "recall" | "nothing" | "type";

/** True while an input method composes: Enter then chooses a candidate (Safari tells it only by key code 229). */
export function isComposing(press: Pick<KeyPress, "isComposing" | "keyCode">): boolean {
  return press.isComposing || press.keyCode === 229;
}

/** `type` leaves the key to the text area; `nothing` swallows it. */
export function composerAction(press: KeyPress, situation: ComposerSituation): ComposerAction {
  if (isComposing(press)) return "type";
  if (press.key === "Enter") {
    if (press.shiftKey || press.altKey) return "type";
    if (!situation.canSend) return "nothing";
    if (!situation.running) return "send";
    return press.ctrlKey || press.metaKey ? "queue" : "steer";
  }
  if (press.key === "Escape") return situation.running ? "stop" : "type";
  const plain = !press.shiftKey && !press.ctrlKey && !press.metaKey && !press.altKey;
  if (press.key === "ArrowUp" && plain && situation.empty && situation.hasHistory) return "recall";
  return "type";
}
