/** What live events change in the state: words and blocks as they stream, the newest output of what runs. */
import { endOfRaw, withoutOverwritten } from "../base/raw-output.ts";
import type { EventOf } from "./events.ts";
import type { LiveOutput, SessionState } from "./state.ts";

/** Characters of live output kept for a running call. */
export const LIVE_TAIL_CHARS = 8_000;

/** Words of the model, at the end of the item they belong to. */
export function appendDelta(state: SessionState, itemId: string, delta: string): SessionState {
  const streaming = state.streaming.map((item) =>
    item.itemId === itemId ? { ...item, text: item.text + delta } : item,
  );
  return { ...state, streaming };
}

/** A part of a protocol block. */
export function appendBlockDelta(state: SessionState, event: EventOf<"block.delta">): SessionState {
  const { itemId, index, kind, filename, delta } = event;
  const streaming = state.streaming.map((item) => {
    if (item.itemId !== itemId) return item;
    const blocks = [...(item.blocks ?? [])];
    const before = blocks[index] ?? {
      kind,
      ...(filename === undefined ? {} : { filename }),
      text: "",
      proseOffset: item.text.length,
    };
    blocks[index] = { ...before, text: before.text + delta };
    return { ...item, blocks };
  });
  return { ...state, streaming };
}

/** The live output of a call, command or script with `chunk` at its end, bounded. */
export function extendTail(state: SessionState, key: string, chunk: string): LiveOutput {
  const before = state.liveOutput[key] ?? { tail: "", droppedChars: 0 };
  const text = before.tail + chunk;
  if (text.length <= LIVE_TAIL_CHARS) return { tail: text, droppedChars: before.droppedChars };
  // What a progress bar has taken back must not push out the lines above it.
  const tail = endOfRaw(withoutOverwritten(text), LIVE_TAIL_CHARS);
  return { tail, droppedChars: before.droppedChars + text.length - tail.length };
}

/** What a script printed, and the line it was at. */
export function addPrint(state: SessionState, { scriptId, chunk, line }: EventOf<"script.output">): SessionState {
  const output = { ...extendTail(state, scriptId, chunk), ...(line === null ? {} : { line }) };
  return { ...state, liveOutput: { ...state.liveOutput, [scriptId]: output } };
}

/** The script has gone on from where it printed last. */
export function atCall(state: SessionState, scriptId: string | undefined): SessionState {
  const output = scriptId === undefined ? undefined : state.liveOutput[scriptId];
  if (scriptId === undefined || output?.line === undefined) return state;
  const { line: _left, ...rest } = output;
  return { ...state, liveOutput: { ...state.liveOutput, [scriptId]: rest } };
}
