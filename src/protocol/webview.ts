/**
 * What host and webview say to each other. The view starts by `ready`; the host answers with a snapshot of the
 * newest part of the session and then sends events. The view folds them with the same reducer; on a gap it asks again.
 */
import * as z from "zod";
import type { AgentEvent } from "./events.ts";
import type { UserInput } from "./items.ts";
import { opSchema } from "./ops.ts";
import type { Phase, SessionState } from "./state.ts";
import type { Place, Stretch } from "./timeline.ts";

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
  /** Another folder for new tasks. */
  z.object({ type: z.literal("folder.pick") }),
  z.object({ type: z.literal("key.set") }),
  /** The entries that end, or begin, at a place of the timeline. Answered by one `entries`, empty if need be. */
  z.object({
    type: z.literal("entries.load"),
    sessionId: z.string(),
    direction: z.enum(["before", "after"]),
    place: z.object({ turn: z.number(), entry: z.number() }),
  }),
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
  /** Path of the folder in which the next new session will work; null: to be asked for. */
  readonly home: string | null;
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
  /** `state` is null when no session is shown. Its turns are the newest end of the timeline, which begins at `from`. */
  | { readonly type: "snapshot"; readonly state: SessionState | null; readonly from: Place }
  /**
   * `afterSeq`: `seq` of the last event which the host sent (or put into the snapshot) before these. Deltas may be
   * merged and events without effect on the view left out, so inside the list gaps mean nothing; this tells a real one.
   */
  | {
      readonly type: "events";
      readonly sessionId: string;
      readonly afterSeq: number;
      readonly events: readonly AgentEvent[];
      /** After them. What it depends on may have begun before the view's window. */
      readonly phase: Phase;
    }
  /** `afterSeq` as with events: the stretch is what those up to it have led to. */
  | ({ readonly type: "entries"; readonly sessionId: string; readonly afterSeq: number } & Stretch)
  | { readonly type: "composer.focus"; readonly text?: string }
  /** A task, message or answer that was not taken; its words belong to the composer again. */
  | { readonly type: "input.returned"; readonly input: UserInput }
  /** Something the person asked of the host could not be done. */
  | { readonly type: "failed"; readonly message: string };
