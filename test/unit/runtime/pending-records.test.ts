/** Requests to person and program in every order that answers, stops, faults and failing writes can come in. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AppError } from "../../../src/base/app-error.ts";
import { countingIds } from "../../../src/base/ids.ts";
import { silentLog } from "../../../src/ports/log.ts";
import type { SessionJournal } from "../../../src/ports/session-store.ts";
import type { AgentEvent, EventOf } from "../../../src/protocol/events.ts";
import { emptyState } from "../../../src/protocol/state.ts";
import { EventHub } from "../../../src/runtime/event-hub.ts";
import { type Approver, type GateResult, PermissionGate } from "../../../src/runtime/permission-gate.ts";
import { type Answerer, QuestionDesk } from "../../../src/runtime/question-desk.ts";
import { manualClock, someWrite } from "../../support/session-harness.ts";

interface Scene {
  /** Who is consulted, and what a program does when it is. */
  readonly consulted: "person" | "nobody" | "says yes" | "says no" | "rejects" | "throws" | "talks nonsense" | "hangs";
  /** Answers of the person: to which request (by the order of asking), and what. */
  readonly answers: readonly { readonly to: number; readonly yes: boolean }[];
  readonly stop: boolean;
  /** Which writes of the journal fail, by their order. */
  readonly failing: readonly number[];
}

const anyScene: fc.Arbitrary<Scene> = fc.record({
  consulted: fc.constantFrom("person", "nobody", "says yes", "says no", "rejects", "throws", "talks nonsense", "hangs"),
  answers: fc.array(fc.record({ to: fc.nat(2), yes: fc.boolean() }), { maxLength: 6 }),
  stop: fc.boolean(),
  failing: fc.array(fc.nat(5), { maxLength: 2 }),
});

const REQUESTS = 3;

/** A hub whose writes end, well or badly, when the scheduler says so. */
function scheduledHub(scheduler: fc.Scheduler, failing: readonly number[]) {
  const kept: { event: AgentEvent; sync: boolean }[] = [];
  let writes = 0;
  const journal: SessionJournal = {
    async append(events, { sync }) {
      const fails = failing.includes(writes);
      writes += 1;
      await scheduler.schedule(Promise.resolve(), "write");
      if (fails) throw new AppError("storage", "the disk is full");
      for (const event of events) kept.push({ event, sync });
    },
    putBlob: async () => "hash",
    getBlob: async () => null,
    close: async () => {},
  };
  const hub = new EventHub({
    sessionId: "ses_test",
    journal,
    clock: manualClock(),
    state: emptyState,
    log: silentLog,
  });
  const seen: AgentEvent[] = [];
  hub.on((event) => {
    assert.ok(
      kept.some((record) => record.event.seq === event.seq),
      "nobody sees what is not written",
    );
    seen.push(event);
  });
  return { hub, kept, seen };
}

/** What a program's hook does, whatever it is asked. */
function hook<Answer>(scheduler: fc.Scheduler, consulted: Scene["consulted"], yes: Answer, no: Answer) {
  return (): Promise<Answer> => {
    switch (consulted) {
      case "says yes":
        return scheduler.schedule(Promise.resolve(yes), "hook");
      case "says no":
        return scheduler.schedule(Promise.resolve(no), "hook");
      case "rejects":
        return scheduler.schedule(Promise.resolve(), "hook").then(() => Promise.reject(new Error("boom")));
      case "throws":
        throw new Error("boom");
      case "talks nonsense":
        return scheduler.schedule(Promise.resolve(42 as unknown as Answer), "hook");
      default:
        return new Promise(() => {});
    }
  };
}

/** Lets everything happen in the scheduler's order; what still waits then is stopped. */
async function playOut<T>(
  scheduler: fc.Scheduler,
  scene: Scene,
  asking: readonly Promise<T>[],
  controller: AbortController,
  answer: (to: number, yes: boolean) => void,
): Promise<readonly PromiseSettledResult<T>[]> {
  for (const { to, yes } of scene.answers) {
    void scheduler.schedule(Promise.resolve(), "answer").then(() => answer(to, yes));
  }
  if (scene.stop) void scheduler.schedule(Promise.resolve(), "stop").then(() => controller.abort());
  const settled = Promise.allSettled(asking);
  let open = asking.length;
  const ended = () => {
    open -= 1;
  };
  for (const one of asking) one.then(ended, ended);
  await scheduler.waitIdle();
  if (scene.consulted !== "person" && scene.consulted !== "hangs") assert.equal(open, 0, "nothing waits for nobody");
  controller.abort();
  await scheduler.waitIdle();
  return settled;
}

function isStorageFault(result: PromiseSettledResult<unknown>): boolean {
  return result.status === "rejected" && AppError.is(result.reason, "storage");
}

describe("pending records", () => {
  it("let a call pass only upon the one answer that is on the disk, in any order of events", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), anyScene, async (scheduler, scene) => {
        const { hub, kept, seen } = scheduledHub(scheduler, scene.failing);
        const approver: Approver =
          scene.consulted === "person" || scene.consulted === "nobody"
            ? { kind: scene.consulted }
            : {
                kind: "handler",
                handle: hook(scheduler, scene.consulted, { decision: "allowed" }, { decision: "denied" }),
              };
        const gate = new PermissionGate({
          hub,
          ids: countingIds(),
          log: silentLog,
          policy: () => ({ approval: "untrusted", trusted: true }),
          approver: () => approver,
        });
        const controller = new AbortController();
        const ask = (n: number): Promise<GateResult> =>
          gate.authorize(
            { callId: `c${n}`, tool: "edit", summary: "edit" },
            {
              access: someWrite,
              recovery: { kind: "unknown" },
              run: async () => ({ status: "done", output: "" }),
            },
            controller.signal,
          );
        const won: { permissionId: string; decision: "allowed" | "denied" }[] = [];
        const permissionIds = () =>
          seen.filter((event) => event.type === "permission.asked").map((event) => event.request.permissionId);
        const results = await playOut(
          scheduler,
          scene,
          Array.from({ length: REQUESTS }, (_, n) => ask(n)),
          controller,
          (to, yes) => {
            const permissionId = permissionIds()[to];
            const decision = yes ? ("allowed" as const) : ("denied" as const);
            if (permissionId && gate.answer(permissionId, { decision, scope: "once", by: "person" }))
              won.push({ permissionId, decision });
          },
        );

        for (const [n, result] of results.entries()) {
          const asked = kept.filter(
            ({ event }) => event.type === "permission.asked" && event.request.callId === `c${n}`,
          )[0]?.event as EventOf<"permission.asked"> | undefined;
          const answered = kept.filter(
            ({ event }) => event.type === "permission.answered" && event.permissionId === asked?.request.permissionId,
          ) as { event: EventOf<"permission.answered">; sync: boolean }[];
          assert.ok(answered.length <= 1, "answered once at most");
          if (result.status === "rejected") {
            assert.ok(isStorageFault(result), "only a journal that can not be written makes it reject");
            assert.equal(answered.length, 0);
            continue;
          }
          assert.equal(answered.length, 1, "an outcome has its record");
          assert.equal(result.value.kind, answered[0]?.event.answer.decision);
          if (result.value.kind === "allowed") {
            assert.ok(answered[0]?.sync, "a yes is on the disk");
            const { by } = (answered[0] as { event: EventOf<"permission.answered"> }).event.answer;
            assert.ok(by === "person" || (by === "handler" && scene.consulted === "says yes"), "somebody said yes");
          }
        }
        for (const { event } of kept) {
          if (event.type !== "permission.answered") continue;
          const winners = won.filter(({ permissionId }) => permissionId === event.permissionId);
          assert.equal(winners.length, event.answer.by === "person" ? 1 : 0, "told “accepted” is who was heard");
          if (winners[0]) assert.equal(event.answer.decision, winners[0].decision);
        }
        const total = new Set(won.map(({ permissionId }) => permissionId)).size;
        assert.equal(total, won.length, "one winner a request");
        for (const permissionId of permissionIds()) {
          assert.ok(!gate.answer(permissionId, { decision: "allowed", scope: "once", by: "person" }), "nothing pends");
        }
      }),
      { numRuns: 400 },
    );
  });

  it("end a question with one recorded answer, and know one that found nobody", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), anyScene, async (scheduler, scene) => {
        const { hub, kept, seen } = scheduledHub(scheduler, scene.failing);
        const answerer: Answerer =
          scene.consulted === "person" || scene.consulted === "nobody"
            ? { kind: scene.consulted }
            : { kind: "handler", handle: hook<string | null>(scheduler, scene.consulted, "yes", null) };
        const desk = new QuestionDesk({ hub, ids: countingIds(), log: silentLog, answerer: () => answerer });
        const controller = new AbortController();
        const won: string[] = [];
        const questionIds = () =>
          seen.filter((event) => event.type === "question.asked").map((event) => event.question.questionId);
        const results = await playOut(
          scheduler,
          scene,
          Array.from({ length: REQUESTS }, (_, n) =>
            desk.forCall({ callId: `c${n}` }).ask({ text: "Which?" }, controller.signal),
          ),
          controller,
          (to, yes) => {
            const questionId = questionIds()[to];
            if (questionId && desk.answer(questionId, { kind: "answered", text: yes ? "this" : "that" }))
              won.push(questionId);
          },
        );
        const answers = kept.flatMap(({ event }) => (event.type === "question.answered" ? [event] : []));
        assert.equal(new Set(answers.map((event) => event.questionId)).size, answers.length, "answered once at most");
        assert.equal(new Set(won).size, won.length, "one winner a question");
        assert.ok(results.every((result) => result.status === "fulfilled" || isStorageFault(result)));
        const fulfilled = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
        assert.equal(fulfilled.length, answers.length, "an outcome has its record");
        const words = (list: readonly { kind: string; text?: string }[]) => list.map((a) => a.text ?? a.kind).sort();
        assert.deepEqual(words(fulfilled), words(answers.map((event) => event.answer)));
        for (const { questionId, answer } of answers) {
          const byPerson = answer.kind === "answered" && answer.text !== "yes";
          assert.equal(won.includes(questionId), byPerson, "told “accepted” is who was heard");
        }
        const cancelled = fulfilled.some((answer) => answer.kind === "cancelled");
        if (desk.takeUnanswered()) {
          assert.ok(cancelled);
          assert.ok(!["person", "says yes", "hangs"].includes(scene.consulted), "somebody was there");
        } else if (scene.consulted === "nobody" && !scene.stop) {
          assert.ok(!cancelled, "nobody was there, and nobody knows");
        }
        for (const questionId of questionIds()) assert.ok(!desk.answer(questionId, { kind: "answered", text: "late" }));
      }),
      { numRuns: 400 },
    );
  });
});
