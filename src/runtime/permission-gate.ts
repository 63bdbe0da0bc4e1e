/**
 * The only way from a planned call to its `run`. Decides by policy; where it has to ask, the request is a record
 * in the journal first and its answer is on disk before the tool runs. The first answer wins; no answer is a "no".
 */
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
import type { PlannedCall } from "../ports/tool.ts";
import type { Access, PermissionDecision, PermissionRequest } from "../protocol/permissions.ts";
import type { EventHub } from "./event-hub.ts";
import { PendingRecords } from "./pending-records.ts";
import { decide, type Policy } from "./permission-policy.ts";

/** An embedder's answer. Anything else it returns, and anything it throws, is a denial. */
export type PermissionAnswer =
  | { readonly decision: "allowed"; readonly scope?: "once" | "session" }
  | { readonly decision: "denied"; readonly note?: string };

export type PermissionHandler = (request: PermissionRequest, signal: AbortSignal) => Promise<PermissionAnswer>;

/**
 * Who answers: the person through ops (`person`), a program (`handler`), a flag that allows everything, or nobody.
 */
export type Approver =
  | { readonly kind: "person" }
  | { readonly kind: "handler"; readonly handle: PermissionHandler }
  | { readonly kind: "allow-all" }
  | { readonly kind: "nobody" };

export type GateResult =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied"; readonly output: string }
  | { readonly kind: "cancelled" };

export interface GateOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly log: Log;
  readonly policy: () => Policy;
  readonly approver: () => Approver;
}

export interface EarlierDecision {
  readonly permission:
    | { readonly request: PermissionRequest; readonly answer?: PermissionDecision | undefined }
    | undefined;
  /** The call had begun, which it could only after it was allowed. */
  readonly applied: boolean;
  /** It had begun, and what it does now is to wait for that. */
  readonly follows?: boolean;
}

export interface GatedCall {
  readonly callId: string;
  readonly tool: string;
  readonly summary: string;
}

export class PermissionGate {
  readonly #options: GateOptions;
  readonly #records: PendingRecords<PermissionDecision>;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#records = new PendingRecords(options.hub);
  }

  /**
   * Decides one planned call. `earlier` is what another process had come to with this very call: an answer stands when
   * the access is the same to the byte, and an edit that had begun needs no second asking. A denial by policy is
   * never overruled by either. What only follows does nothing that could be allowed or denied.
   */
  async authorize(
    call: GatedCall,
    planned: PlannedCall,
    signal: AbortSignal,
    earlier: EarlierDecision = { permission: undefined, applied: false },
  ): Promise<GateResult> {
    const { hub, ids, policy } = this.#options;
    if (earlier.follows) return { kind: "allowed" };
    const verdict = decide(policy(), planned.access, hub.state.allowedKeys, call.tool);
    if (verdict.decision === "allow") return { kind: "allowed" };
    if (verdict.decision === "deny") {
      return { kind: "denied", output: `Refused: ${verdict.reason}. Nothing was done. ${WITHOUT_IT}` };
    }
    if (earlier.applied) return { kind: "allowed" };
    const { permission } = earlier;
    if (permission?.answer && isSameAccess(permission.request.access, planned.access)) {
      if (permission.answer.decision === "allowed") return { kind: "allowed" };
      if (permission.answer.decision === "denied") return { kind: "denied", output: denialText(permission.answer) };
    }
    const request: PermissionRequest = {
      permissionId: ids.next("permission"),
      callId: call.callId,
      tool: call.tool,
      access: planned.access,
      title: call.summary,
      reason: verdict.reason,
      sessionKey: verdict.sessionKey,
      sessionLabel: verdict.sessionLabel,
    };
    const answer = await this.#ask(request, signal);
    if (answer.decision === "allowed") return { kind: "allowed" };
    if (answer.decision === "cancelled") return { kind: "cancelled" };
    return { kind: "denied", output: denialText(answer) };
  }

  /** The person's answer. False when it is not the first, or nothing of that id is pending: nothing changes then. */
  answer(permissionId: string, decision: PermissionDecision): boolean {
    return this.#records.answer(permissionId, decision);
  }

  #ask(request: PermissionRequest, signal: AbortSignal): Promise<PermissionDecision> {
    const { permissionId, sessionKey } = request;
    return this.#records.ask(
      {
        id: permissionId,
        asked: { type: "permission.asked", request },
        answered: (answer) => {
          const allowed = answer.decision === "allowed";
          const remember = allowed && answer.scope === "session" && sessionKey !== null;
          return {
            event: { type: "permission.answered", permissionId, answer, ...(remember ? { sessionKey } : {}) },
            sync: allowed,
          };
        },
        consult: () => this.#consult(request, signal),
        onFault: (error) => {
          this.#options.log.error("the permission handler failed; the request is denied", error);
          return { decision: "denied", scope: "once", by: "handler" };
        },
        onAbort: { decision: "cancelled", scope: "once", by: "runtime" },
      },
      signal,
    );
  }

  async #consult(request: PermissionRequest, signal: AbortSignal): Promise<PermissionDecision | null> {
    const approver = this.#options.approver();
    switch (approver.kind) {
      case "person":
        return null;
      case "allow-all":
        return { decision: "allowed", scope: "once", by: "flag" };
      case "nobody":
        return { decision: "denied", scope: "once", by: "nobody" };
      case "handler":
        return handlerDecision(await approver.handle(request, signal));
    }
  }
}

function isSameAccess(a: Access, b: Access): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function handlerDecision(answer: unknown): PermissionDecision {
  const given = answer as Partial<{ decision: unknown; scope: unknown; note: unknown }> | null | undefined;
  if (given?.decision === "allowed") {
    return { decision: "allowed", scope: given.scope === "session" ? "session" : "once", by: "handler" };
  }
  const note = typeof given?.note === "string" ? { note: given.note } : {};
  return { decision: "denied", scope: "once", by: "handler", ...note };
}

const WITHOUT_IT = "Go on without it, or explain to the person what you need and why.";

function denialText(answer: PermissionDecision): string {
  if (answer.by === "nobody") return `Denied: nobody is there to give permission. Nothing was done. ${WITHOUT_IT}`;
  const words = answer.note ? ` They said: ${answer.note}` : "";
  return `Denied by the person. Nothing was done.${words} Do not try the same again in another way; ${WITHOUT_IT.charAt(0).toLowerCase()}${WITHOUT_IT.slice(1)}`;
}
