/** Says a streaming reply as prose and blocks. */
import type { ReplyBlockKind } from "../../protocol/reply-blocks.ts";
import { type ReplyChunk, ReplyParser } from "../../scripting/reply-parser.ts";
import type { EventHub } from "../event-hub.ts";

/** No fence of the protocol is ever seen as text; what may still become one is held back. */
export class BlockStream {
  readonly #hub: EventHub;
  readonly #parser = new ReplyParser();
  #block: { readonly kind: ReplyBlockKind; readonly filename?: string } | undefined;

  constructor(hub: EventHub) {
    this.#hub = hub;
  }

  push(itemId: string, delta: string): void {
    for (const chunk of this.#parser.push(delta)) this.#tell(itemId, chunk);
  }

  end(itemId: string): void {
    for (const chunk of this.#parser.end().chunks) this.#tell(itemId, chunk);
  }

  #tell(itemId: string, chunk: ReplyChunk): void {
    switch (chunk.kind) {
      case "prose":
        this.#hub.emitLive({ type: "text.delta", itemId, delta: chunk.delta });
        break;
      case "block.opened":
        this.#block = chunk.block;
        this.#tellBlock(itemId, chunk.index, "");
        break;
      case "block.delta":
        this.#tellBlock(itemId, chunk.index, chunk.delta);
        break;
      case "block.closed":
        this.#block = undefined;
    }
  }

  #tellBlock(itemId: string, index: number, delta: string): void {
    if (this.#block) this.#hub.emitLive({ type: "block.delta", itemId, index, ...this.#block, delta });
  }
}
