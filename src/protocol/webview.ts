/**
 * What host and webview say to each other. The view starts by `ready`; the host answers with a snapshot of the
 * newest part of the session and then sends events. The view folds them with the same reducer; on a gap it asks again.
 */
import * as z from "zod";
import type { AgentEvent } from "./events.ts";
import { opSchema } from "./ops.ts";
import type { SessionState } from "./state.ts";

/** Entries (over all turns) that a snapshot carries; older ones are loaded on demand. */
export const SNAPSHOT_ENTRIES = 200;

export const viewMessageSchema = z.discriminatedUnion("type", [
  /** The view is there, or noticed a gap. It gets a snapshot. */
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("op"), sessionId: z.string(), op: opSchema }),
  /** The first task of a session that does not exist yet, or a task for the shown one. */
  z.object({
    type: z.literal("session.start"),
    text: z.string(),
    images: z.optional(z.array(z.object({ mediaType: z.string(), data: z.string() }))),
  }),
  z.object({ type: z.literal("session.new") }),
  z.object({ type: z.literal("session.open"), sessionId: z.string() }),
  z.object({ type: z.literal("session.pick") }),
  z.object({ type: z.literal("model.pick") }),
  z.object({ type: z.literal("key.set") }),
  /** Older turns than the ones the view has. */
  z.object({ type: z.literal("turns.load"), beforeTurnId: z.string() }),
  z.object({ type: z.literal("file.open"), path: z.string(), line: z.optional(z.number()) }),
  z.object({ type: z.literal("diff.open"), callId: z.string() }),
  z.object({ type: z.literal("terminal.open"), terminal: z.string() }),
  z.object({ type: z.literal("link.open"), href: z.string() }),
  z.object({ type: z.literal("settings.open") }),
  z.object({ type: z.literal("log.open") }),
  /** An error boundary of the view caught something. */
  z.object({ type: z.literal("view.failed"), message: z.string() }),
]);
export type ViewMessage = z.infer<typeof viewMessageSchema>;

/** What the panel needs to know besides the session. */
export interface ViewEnvironment {
  readonly productVersion: string;
  /** `provider/name` of the model the next turn will use. */
  readonly model: string;
  /** A short name for people. */
  readonly modelLabel: string;
  /** True for the scripted demonstration model: the panel always says so. */
  readonly demo: boolean;
  /** False when the selected provider has no key: the empty state leads to one. */
  readonly modelReady: boolean;
  /** Why it is not ready and what to do, in one sentence. */
  readonly modelProblem: string | null;
  readonly folders: readonly { readonly name: string; readonly path: string }[];
  readonly trusted: boolean;
  readonly prompt: "modal" | "card";
  /** Recent sessions for the empty state, newest first, at most 5. */
  readonly recent: readonly SessionSummary[];
}

export interface SessionSummary {
  readonly sessionId: string;
  readonly title: string;
  readonly updatedAt: number;
  readonly phase: "running" | "needs-you" | "interrupted" | "idle";
}

export type HostMessage =
  | { readonly type: "environment"; readonly environment: ViewEnvironment }
  /** `state` is null when no session is shown. `olderTurns`: turns that were left out at the front. */
  | { readonly type: "snapshot"; readonly state: SessionState | null; readonly olderTurns: number }
  /**
   * `afterSeq`: `seq` of the last event which the host sent (or put into the snapshot) before these. Deltas may be
   * merged and events without effect on the view left out, so inside the list gaps mean nothing; this tells a real one.
   */
  | {
      readonly type: "events";
      readonly sessionId: string;
      readonly afterSeq: number;
      readonly events: readonly AgentEvent[];
    }
  | {
      readonly type: "turns";
      readonly sessionId: string;
      readonly turns: SessionState["turns"];
      readonly olderTurns: number;
    }
  | { readonly type: "composer.focus"; readonly text?: string }
  /** Something the person asked of the host could not be done. */
  | { readonly type: "failed"; readonly message: string };
