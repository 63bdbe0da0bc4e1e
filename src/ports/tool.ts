/**
 * A tool as scheduler and gate see it. `plan` looks but does not touch: it checks the arguments against the
 * world and says what the call will access. Only what `plan` returned can run, and only after the gate has seen it.
 */
import type * as z from "zod";
import type { Recovery } from "../protocol/events.ts";
import type { FileChange, Image, ToolDisplay } from "../protocol/items.ts";
import type { Access } from "../protocol/permissions.ts";
import type { ContextArchive } from "./context-archive.ts";
import type { Questions } from "./questions.ts";

export interface ToolContext {
  readonly callId: string;
  readonly signal: AbortSignal;
  readonly questions: Questions;
  readonly archive: ContextArchive;
  /** Output for the eye while the call runs. */
  output(chunk: string): void;
}

export type ToolResult =
  /** `output` is for the model; it names the next possible move. */
  | {
      readonly status: "done" | "failed";
      readonly output: string;
      readonly images?: readonly Image[];
      readonly display?: ToolDisplay;
      readonly changes?: readonly FileChange[];
    }
  | { readonly status: "cancelled"; readonly output: string; readonly display?: ToolDisplay };

export interface PlannedCall {
  readonly access: Access;
  readonly recovery: Recovery;
  /**
   * It does nothing new and only follows the command of `PlanContext.begun`, which was allowed then: nobody is asked
   * again. Refused for a call that has not begun exactly this.
   */
  readonly follows?: true;
  /** Before-images to keep before the call runs. */
  readonly beforeImages?: readonly Uint8Array[];
  /** Runs it. Rejections are bugs; the scheduler turns them into a failed outcome and a log entry. */
  run(context: ToolContext): Promise<ToolResult>;
}

export type PlanResult =
  | { readonly kind: "planned"; readonly call: PlannedCall }
  /** The arguments do not fit the world (no such file, stale read, …): told to the model, nothing happened. */
  | { readonly kind: "refused"; readonly output: string };

export interface Tool<Input = unknown> {
  readonly name: string;
  /** For the model. */
  readonly description: string;
  readonly input: z.ZodType<Input>;
  /** Free-form input (custom tool): the schema then gets `{ input: string }`. */
  readonly custom?: { readonly grammar?: { readonly syntax: "lark" | "regex"; readonly definition: string } };
  /** May run beside other parallel-safe calls of the same response. */
  readonly parallelSafe: boolean;
  /** One line for the card: verb and target. */
  summarize(input: Input): string;
  plan(input: Input, context: PlanContext): Promise<PlanResult>;
}

export interface PlanContext {
  readonly signal: AbortSignal;
  /** What a process that is gone began with this very call: it may be followed, it must not be begun again. */
  readonly begun?: Recovery;
}
