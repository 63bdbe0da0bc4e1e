/** The context archive of a session: its state says what is archived, an event makes it so. */
import type { ArchiveTask, ContextArchive } from "../ports/context-archive.ts";
import type { ModelInput } from "../ports/model-client.ts";
import type { TurnState } from "../protocol/state.ts";
import { archivedText, turnInputs } from "./context-builder.ts";
import type { EventHub } from "./event-hub.ts";

const TITLE_CHARS = 100;
/** Close enough to compare tasks with each other; no model's tokens are asked for. */
const CHARS_PER_TOKEN = 4;

export class SessionArchive implements ContextArchive {
  readonly #hub: EventHub;
  /** A turn's state is replaced when anything in it changes. */
  readonly #fullTokens = new WeakMap<TurnState, number>();

  constructor(hub: EventHub) {
    this.#hub = hub;
  }

  tasks(): readonly ArchiveTask[] {
    const { turns, activeTurnId } = this.#hub.state;
    return turns.map((turn, index) => {
      const fullTokens = this.#fullTokensOf(turn, index + 1);
      const { archived } = turn;
      return {
        position: index + 1,
        title: titleOf(turn),
        active: turn.turnId === activeTurnId,
        summary: archived?.summary ?? null,
        fullTokens,
        tokens: archived ? tokensIn(archivedText(archived)) : fullTokens,
      };
    });
  }

  async archive(position: number, summary: string): Promise<void> {
    const turn = this.#hub.state.turns[position - 1];
    if (!turn) throw new RangeError(`no task ${position}`);
    await this.#hub.emit([{ type: "context.archived", taskId: turn.turnId, position, summary }]);
  }

  original(position: number): string | null {
    const turn = this.#hub.state.turns[position - 1];
    return turn ? this.#textOf(turn, position) : null;
  }

  #textOf(turn: TurnState, position: number): string {
    const task = this.#hub.state.interface === "python" ? position : null;
    return turnInputs(turn, task).map(asText).join("\n\n");
  }

  #fullTokensOf(turn: TurnState, position: number): number {
    const known = this.#fullTokens.get(turn) ?? tokensIn(this.#textOf(turn, position));
    this.#fullTokens.set(turn, known);
    return known;
  }
}

function tokensIn(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

function titleOf({ entries }: TurnState): string {
  for (const entry of entries) {
    if (entry.kind !== "item" || entry.item.kind !== "user_message" || entry.item.origin !== "person") continue;
    const line = entry.item.text.trim().split("\n", 1)[0] ?? "";
    return line.length > TITLE_CHARS ? `${line.slice(0, TITLE_CHARS - 1)}…` : line;
  }
  return "";
}

function asText(input: ModelInput): string {
  switch (input.kind) {
    case "user":
      return `[USER]\n${input.text}${imagesIn(input.images)}`;
    case "assistant":
      return `[ASSISTANT]\n${input.text}`;
    case "reasoning":
      return `[REASONING]\n${input.text}`;
    case "tool_call":
      return `[CALL ${input.name}]\n${input.argumentsText}`;
    case "tool_result":
      return `[RESULT OF ${input.name}]\n${input.output}${imagesIn(input.images)}`;
    case "context":
      return input.text;
  }
}

function imagesIn(images: readonly unknown[] | undefined): string {
  return images?.length ? `\n[${images.length === 1 ? "an image" : `${images.length} images`}, not shown here]` : "";
}
