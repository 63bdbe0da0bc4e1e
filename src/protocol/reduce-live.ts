/** What live events change in the state: words and blocks as they stream, the newest output of what runs. */
import { endOfRaw, withoutOverwritten } from "../base/raw-output.ts";
import type { EventOf } from "./events.ts";
import type { LiveOutput, SessionState, StreamingItem } from "./state.ts";

export { endOfRaw };

/** Characters of live output kept for a running call. */
export const LIVE_TAIL_CHARS = 8_000;

/** Blocks of one reply that are kept while it streams, for each delta copies the list; the whole reply has them all. */
export const LIVE_BLOCKS = 500;

/** Words of the model, at the end of the item they belong to. */
export function appendDelta(state: SessionState, itemId: string, delta: string): SessionState {
  const streaming = state.streaming.map((item) =>
    item.itemId === itemId ? { ...item, text: item.text + delta } : item,
  );
  return { ...state, streaming };
}

/** A part of a protocol block. */
export function appendBlockDelta(state: SessionState, event: EventOf<"block.delta">): SessionState {
  const streaming = state.streaming.map((item) => (item.itemId === event.itemId ? withBlockDelta(item, event) : item));
  return { ...state, streaming };
}

/** Blocks stream one after another. Where there are too many, a new one takes the place of the newest so far. */
function withBlockDelta(item: StreamingItem, event: EventOf<"block.delta">): StreamingItem {
  const { index, kind, filename, delta } = event;
  const { blocks: known = [], blocksLeftOut = 0 } = item;
  const place = Math.min(index, LIVE_BLOCKS - 1);
  const leftOut = index - place;
  const before = (leftOut <= blocksLeftOut ? known[place] : undefined) ?? {
    kind,
    ...(filename === undefined ? {} : { filename }),
    text: "",
    proseOffset: item.text.length,
  };
  const blocks = known.slice();
  blocks[place] = { ...before, text: before.text + delta };
  return { ...item, blocks, ...(leftOut === 0 ? {} : { blocksLeftOut: leftOut }) };
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
