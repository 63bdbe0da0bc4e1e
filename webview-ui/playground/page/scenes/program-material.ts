/** Replies that act through a program, as the runtime writes them into the journal. */
import type { ScriptOutcome } from "../../../../src/protocol/items.ts";
import type { ReplyBlock, ReplyBlockKind } from "../../../../src/protocol/reply-blocks.ts";
import type { Script } from "../stage.ts";

export interface ReplyParts {
  readonly words: string;
  readonly code?: string;
  readonly files?: readonly (readonly [path: string, content: string])[];
  readonly completion?: string;
}

interface Fence {
  readonly kind: ReplyBlockKind;
  readonly info: string;
  readonly body: string;
  readonly filename?: string;
}

export function fencesOf({ code, files = [], completion }: ReplyParts): Fence[] {
  return [
    ...(code === undefined ? [] : [{ kind: "control", info: "codepilot", body: code } as const]),
    ...files.map(
      ([filename, body]) => ({ kind: "payload", info: `text filename=${filename}`, body, filename }) as const,
    ),
    ...(completion === undefined ? [] : [{ kind: "completion", info: "completion", body: completion } as const]),
  ];
}

/** The reply as an item; gives its id. */
export function reply(script: Script, parts: ReplyParts): string {
  const blocks: ReplyBlock[] = [];
  let text = `${parts.words}\n\n`;
  for (const { kind, info, body, filename } of fencesOf(parts)) {
    const start = text.length;
    text += `\`\`\`${info}\n`;
    const bodyStart = text.length;
    text += body === "" || body.endsWith("\n") ? body : `${body}\n`;
    const bodyEnd = text.length;
    text += "```\n";
    const end = text.length;
    blocks.push({
      kind,
      start,
      end,
      bodyStart,
      bodyEnd,
      closed: true,
      ...(filename === undefined ? {} : { filename }),
    });
    text += "\n";
  }
  const id = script.id("item");
  script.add({ type: "item.finished", item: { kind: "assistant_message", id, text, blocks } }, 1_200);
  return id;
}

/** The reply with its program started; gives the program's id. */
export function program(script: Script, parts: ReplyParts): string {
  const itemId = reply(script, parts);
  script.response();
  const scriptId = script.id("script");
  script.add({ type: "script.started", scriptId, itemId, language: "python", source: `${parts.code ?? ""}\n` });
  return scriptId;
}

/** One after the other, each with its line. */
export class ProgramCalls {
  readonly #script: Script;
  readonly #scriptId: string;
  #index = 0;

  constructor(script: Script, scriptId: string) {
    this.#script = script;
    this.#scriptId = scriptId;
  }

  request(line: number, tool: string, args: unknown, summary: string): string {
    const callId = this.#script.id("call");
    this.#index += 1;
    const ref = { scriptId: this.#scriptId, index: this.#index, line };
    const argumentsText = JSON.stringify(args);
    this.#script.add({ type: "tool.requested", callId, tool, argumentsText, summary, script: ref });
    return callId;
  }

  print(line: number, chunk: string): void {
    this.#script.add({ type: "script.output", scriptId: this.#scriptId, chunk, line });
  }

  end(outcome: Partial<ScriptOutcome> & Pick<ScriptOutcome, "status">): void {
    const clean = outcome.status === "completed";
    const whole = { clean, output: "", printed: "", names: [], durationMs: 3_400, ...outcome };
    this.#script.add({ type: "script.finished", scriptId: this.#scriptId, outcome: whole });
  }
}
