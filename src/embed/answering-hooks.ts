/** Who answers permission requests and questions: a program's hooks, which may come and go, the person, or nobody. */
import { type Disposable, toDisposable } from "../base/disposable.ts";
import type { Approver, PermissionHandler } from "../runtime/permission-gate.ts";
import type { Answerer, QuestionHandler } from "../runtime/question-desk.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

export class AnsweringHooks {
  readonly #allowAll: boolean;
  readonly #attended: boolean;
  #permission: PermissionHandler | undefined;
  #question: QuestionHandler | undefined;

  constructor(options: Pick<RuntimeOptions, "allowAll" | "attended" | "onPermission" | "onQuestion">) {
    this.#allowAll = options.allowAll ?? false;
    this.#attended = options.attended ?? false;
    this.#permission = options.onPermission;
    this.#question = options.onQuestion;
  }

  /** Replaces the handler until disposed; disposing one that was replaced meanwhile changes nothing. */
  setPermission(handler: PermissionHandler): Disposable {
    this.#permission = handler;
    return toDisposable(() => {
      if (this.#permission === handler) this.#permission = undefined;
    });
  }

  /** As `setPermission`, for questions. */
  setQuestion(handler: QuestionHandler): Disposable {
    this.#question = handler;
    return toDisposable(() => {
      if (this.#question === handler) this.#question = undefined;
    });
  }

  approver(): Approver {
    if (this.#allowAll) return { kind: "allow-all" };
    if (this.#permission) return { kind: "handler", handle: this.#permission };
    return this.#attended ? { kind: "person" } : { kind: "nobody" };
  }

  answerer(): Answerer {
    if (this.#question) return { kind: "handler", handle: this.#question };
    return this.#attended ? { kind: "person" } : { kind: "nobody" };
  }
}
