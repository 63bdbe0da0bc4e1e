/**
 * Shows permission requests as modal messages, one at a time in a window. A modal is a view of the journal's record:
 * dismissing it decides nothing (card and status bar still have the request), and an answer that comes too late
 * changes nothing and says so.
 */
import type { Disposable } from "../../base/disposable.ts";
import type { Log } from "../../ports/log.ts";
import type { PermissionRequest } from "../../protocol/permissions.ts";
import type { Ask } from "../ask.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import { permissionText } from "./permission-text.ts";

export const ALLOW_ONCE = "Allow once";
export const ALLOW_IN_SESSION = "Allow in this session";
export const DENY = "Deny";

export interface PendingRequest {
  readonly session: LiveSession;
  readonly request: PermissionRequest;
}

export interface PermissionPrompterOptions {
  readonly hub: SessionHub;
  readonly ask: Ask;
  readonly mode: () => "modal" | "card";
  /** Tells the person something that needs no answer. */
  readonly tell: (message: string) => void;
  readonly log: Log;
}

export class PermissionPrompter implements Disposable {
  readonly #options: PermissionPrompterOptions;
  readonly #subscription: Disposable;
  #queue: PendingRequest[] = [];
  #showing = false;
  #disposed = false;

  constructor(options: PermissionPrompterOptions) {
    this.#options = options;
    this.#subscription = options.hub.onEvent(({ session, event }) => {
      if (event.type !== "permission.asked") return;
      this.#queue.push({ session, request: event.request });
      void this.#showNext();
    });
  }

  /** Everything that waits for an answer in this window, the shown session first. */
  pending(): readonly PendingRequest[] {
    const { hub } = this.#options;
    const sessions = [...hub.live].sort((a, b) => Number(b === hub.shown) - Number(a === hub.shown));
    return sessions.flatMap((session) =>
      session.runtime.state.pendingPermissions.map((request) => ({ session, request })),
    );
  }

  /** Shows a request again that was dismissed before. */
  async show(pending: PendingRequest): Promise<void> {
    this.#queue.unshift(pending);
    await this.#showNext({ evenAsCard: true });
  }

  async answer({ session, request }: PendingRequest, decision: "allowed" | "denied", scope: "once" | "session") {
    const { tell } = this.#options;
    const outcome = await session.runtime.submit({
      type: "permission.answer",
      permissionId: request.permissionId,
      decision,
      scope,
    });
    if (outcome.kind === "refused") tell(`“${request.title}” was already settled; your answer changed nothing.`);
  }

  dispose(): void {
    this.#disposed = true;
    this.#subscription.dispose();
    this.#queue = [];
  }

  async #showNext({ evenAsCard = false } = {}): Promise<void> {
    if (this.#showing || this.#disposed) return;
    this.#showing = true;
    try {
      for (let next = this.#queue.shift(); next && !this.#disposed; next = this.#queue.shift()) {
        if (!isPending(next)) continue;
        if (this.#options.mode() === "card" && !evenAsCard) continue;
        await this.#showOne(next);
      }
    } finally {
      this.#showing = false;
    }
  }

  async #showOne(pending: PendingRequest): Promise<void> {
    const { request, session } = pending;
    const { message, detail } = permissionText(request, session.runtime.state);
    const buttons = request.sessionKey === null ? [ALLOW_ONCE, DENY] : [ALLOW_ONCE, ALLOW_IN_SESSION, DENY];
    try {
      const button = await this.#options.ask(message, { detail }, ...buttons);
      if (button === ALLOW_ONCE) await this.answer(pending, "allowed", "once");
      else if (button === ALLOW_IN_SESSION) await this.answer(pending, "allowed", "session");
      else if (button === DENY) await this.answer(pending, "denied", "once");
    } catch (error) {
      // The request stays pending: card, status bar and commands still have it.
      this.#options.log.error("the permission prompt could not be shown", error);
    }
  }
}

function isPending({ session, request }: PendingRequest): boolean {
  return session.runtime.state.pendingPermissions.some(({ permissionId }) => permissionId === request.permissionId);
}
