/**
 * What the turn loop may rely on with every model client, as one suite. The HTTP providers run it against the fake
 * model server; a client without HTTP leaves out the parts that are about HTTP.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ModelClient, ModelEvent, ModelInput, ModelOutcome, ModelRequest } from "../../src/ports/model-client.ts";
import type { ModelErrorClass } from "../../src/protocol/items.ts";
import type { ErrorKind, FakeReply, FakeScript } from "./fake-model/server.ts";

export interface ConformanceBackend {
  readonly client: ModelClient;
  /** The bodies the model got, oldest first. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies of several formats
  readonly bodies: readonly any[];
  close(): Promise<void>;
}

export interface ConformanceSubject {
  readonly name: string;
  open(script: FakeScript, options?: { readonly idleTimeoutMs?: number }): Promise<ConformanceBackend>;
  /** An error as this provider's server words it. */
  error(kind: ErrorKind, headers?: Record<string, string>): FakeReply;
  /** The conversation in a body, without what may change from request to request (cache marks). */
  // biome-ignore lint/suspicious/noExplicitAny: bodies of several formats
  conversation(body: any): readonly unknown[];
  /** A client for a port where nothing listens; undefined: the client does not use HTTP. */
  readonly unreachable: (() => Promise<ModelClient>) | undefined;
  /** Is a reasoning part sent back unchanged? */
  readonly replaysReasoning: boolean;
  /** Titles of tests about what this client's API has no words for. */
  readonly inexpressible?: readonly string[];
}

export const userInput = (text: string): ModelInput => ({ kind: "user", text });

export function modelRequest(change: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "test-model",
    instructions: "You are a test.",
    input: [userInput("Hello")],
    tools: [
      {
        kind: "function",
        name: "read_file",
        description: "Reads a file.",
        parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
      },
      {
        kind: "custom",
        name: "apply_patch",
        description: "Applies a patch.",
        grammar: { syntax: "lark", definition: 'start: "x"' },
      },
    ],
    cacheKey: "session-1",
    ...change,
  };
}

export interface Taken {
  readonly outcome: ModelOutcome;
  readonly events: readonly ModelEvent[];
  readonly text: string;
}

/** Takes one response; fails when anything arrives after the outcome. */
export async function take(
  client: ModelClient,
  request = modelRequest(),
  signal = new AbortController().signal,
): Promise<Taken> {
  const events: ModelEvent[] = [];
  let over = false;
  const outcome = await client.sample(
    request,
    (event) => {
      assert.ok(!over, `${event.type} came after the outcome`);
      events.push(event);
    },
    signal,
  );
  over = true;
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { outcome, events, text: events.map((event) => (event.type === "text.delta" ? event.delta : "")).join("") };
}

/** What the runtime would put into history for a response. */
export function toInput(events: readonly ModelEvent[]): ModelInput[] {
  return events.flatMap((event): ModelInput[] => {
    switch (event.type) {
      case "text.finished":
        return [{ kind: "assistant", text: event.text, ...(event.replay ? { replay: event.replay } : {}) }];
      case "reasoning.finished":
        return [{ kind: "reasoning", text: event.text, ...(event.replay ? { replay: event.replay } : {}) }];
      case "tool_call": {
        const { type: _type, ...call } = event;
        return [{ kind: "tool_call", ...call }];
      }
      default:
        return [];
    }
  });
}

function failureOf({ outcome }: Taken) {
  assert.equal(outcome.kind, "failed", JSON.stringify(outcome));
  return outcome.kind === "failed" ? outcome.failure : assert.fail();
}

const done = (stop: "end" | "truncated" | "refused") => (outcome: ModelOutcome) =>
  assert.deepEqual(outcome.kind === "done" && outcome.stop, stop, JSON.stringify(outcome));

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export function describeModelConformance(subject: ConformanceSubject): void {
  const it = (title: string, test: Mocha.AsyncFunc) => {
    if (!subject.inexpressible?.includes(title)) globalThis.it(title, test);
  };
  describe(`model client ${subject.name}`, () => {
    /** The last one opened. */
    let backend: ConformanceBackend;
    const opened: ConformanceBackend[] = [];
    const open = async (script: FakeScript, options?: { readonly idleTimeoutMs?: number }) => {
      backend = await subject.open(script, options);
      opened.push(backend);
      return backend.client;
    };
    afterEach(async () => {
      for (const used of opened.splice(0)) await used.close();
    });

    describe("a response", () => {
      it("streams its parts and then finishes each of them", async () => {
        const client = await open([
          {
            parts: [
              { text: ["Let ", "me ", "see."] },
              { toolCall: { name: "read_file", arguments: { path: "a.ts" } } },
            ],
          },
        ]);
        const { outcome, events, text } = await take(client);
        done("end")(outcome);
        assert.equal(text, "Let me see.");
        const finished = events.filter(({ type }) => !type.endsWith(".delta"));
        assert.deepEqual(
          finished.map(({ type }) => type),
          ["text.finished", "tool_call"],
        );
        const [message, call] = finished;
        assert.equal(message?.type === "text.finished" && message.text, "Let me see.");
        assert.ok(call?.type === "tool_call" && call.callId !== "");
        assert.deepEqual(JSON.parse(call.argumentsText), { path: "a.ts" });
        assert.ok(events.findLastIndex(({ type }) => type === "text.delta") < events.indexOf(message!));
      });

      it("has several calls, in order and with ids of their own", async () => {
        const names = ["read_file", "read_file", "other"];
        const client = await open([
          { parts: names.map((name, n) => ({ toolCall: { name, arguments: { path: `${n}` } } })) },
        ]);
        const { events } = await take(client);
        const calls = events.flatMap((event) => (event.type === "tool_call" ? [event] : []));
        assert.deepEqual(
          calls.map(({ name, argumentsText }) => [name, argumentsText]),
          names.map((name, n) => [name, `{"path":"${n}"}`]),
        );
        assert.equal(new Set(calls.map(({ callId }) => callId)).size, 3);
      });

      it("keeps call ids apart that the server uses again", async () => {
        const reply: FakeReply = { parts: [{ toolCall: { name: "read_file", arguments: {}, id: "call_0" } }] };
        const client = await open([reply, reply]);
        const first = toInput((await take(client)).events);
        const result: ModelInput = {
          kind: "tool_result",
          callId: "call_0",
          name: "read_file",
          output: "",
          failed: false,
        };
        const second = await take(client, modelRequest({ input: [userInput("x"), ...first, result] }));
        assert.deepEqual(
          second.events.flatMap((event) => (event.type === "tool_call" ? [event.callId] : [])),
          ["call_0_2"],
        );
      });

      it("gives the input of a custom tool as plain text", async () => {
        const input = 'plain "text",\nno JSON';
        const client = await open([{ parts: [{ custom: { name: "apply_patch", input } }] }]);
        const { events } = await take(client);
        assert.deepEqual(
          events.flatMap((event) => (event.type === "tool_call" ? [[event.name, event.argumentsText]] : [])),
          [["apply_patch", input]],
        );
      });

      it("passes malformed arguments on as they came", async () => {
        const client = await open([{ parts: [{ toolCall: { name: "read_file", arguments: '{"path": "a' } }] }, {}]);
        const { outcome, events } = await take(client);
        done("end")(outcome);
        const [call] = toInput(events);
        assert.equal(call?.kind === "tool_call" && call.argumentsText, '{"path": "a');
        // And the next request, which holds them, is one that the server can read.
        const again = await take(client, modelRequest({ input: [userInput("x"), call!] }));
        done("end")(again.outcome);
      });

      it("may be empty", async () => {
        const { outcome, events } = await take(await open([{ parts: [] }]));
        done("end")(outcome);
        assert.deepEqual(events, []);
      });

      it("cut by the token limit is not taken as finished, and keeps what came", async () => {
        const { outcome, events } = await take(await open([{ parts: [{ text: "Half of" }], stop: "truncated" }]));
        done("truncated")(outcome);
        assert.deepEqual(events.at(-1), { type: "text.finished", text: "Half of" });
      });

      it("stopped by the provider's safety is refused", async () => {
        const { outcome } = await take(await open([{ parts: [{ text: "No" }], stop: "refused" }]));
        done("refused")(outcome);
      });

      it("reports usage", async () => {
        const usage = { input: 1000, cached: 800, output: 50, reasoning: 0 };
        const { outcome } = await take(await open([{ parts: [{ text: "ok" }], usage }]));
        assert.deepEqual(outcome.kind === "done" && outcome.usage, {
          inputTokens: 1000,
          cachedInputTokens: 800,
          outputTokens: 50,
          reasoningTokens: 0,
        });
      });

      it("is the same however its bytes are cut", async function () {
        this.timeout(120_000);
        const text = 'Grüße, 世界 👩‍👩‍👧 – “ok” \u2028 \\ "quoted"\r\n\tend';
        const parts = [{ text: [...text] }, { toolCall: { name: "read_file", arguments: { path: text } } }];
        const client = await open(({ body }) => ({ parts, chunkSize: JSON.parse(body.model.split(" ")[1]) }));
        await fc.assert(
          fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }), async (sizes) => {
            const {
              outcome,
              events,
              text: streamed,
            } = await take(client, modelRequest({ model: `chunks ${JSON.stringify(sizes)}` }));
            done("end")(outcome);
            assert.equal(streamed, text);
            const call = events.find((event) => event.type === "tool_call");
            assert.deepEqual(JSON.parse(call!.argumentsText), { path: text });
          }),
          { numRuns: 12, examples: [[[1]], [[1, 2]], [[3]]] },
        );
      });
    });

    describe("abort", () => {
      const fastEnough = async (client: ModelClient, when: "at once" | "first event") => {
        const controller = new AbortController();
        let abortedAt = performance.now();
        const abort = () => {
          abortedAt = performance.now();
          controller.abort();
        };
        let seen = 0;
        const outcome = client.sample(
          modelRequest(),
          () => {
            seen += 1;
            if (seen === 1 && when === "first event") abort();
            assert.equal(seen, 1, "an event came after the abort");
          },
          controller.signal,
        );
        if (when === "at once") setTimeout(abort, 30);
        assert.deepEqual(await outcome, { kind: "aborted" });
        assert.ok(performance.now() - abortedAt < 100);
      };

      it("in mid-stream ends at once and nothing follows", async () => {
        const client = await open([{ parts: [{ text: "x".repeat(4000) }], chunkSize: 200, chunkDelayMs: 5 }]);
        await fastEnough(client, "first event");
      });

      it("ends a response that has fallen silent", async () => {
        await fastEnough(await open([{ parts: [], fault: { afterBytes: 0, ending: "hang" } }]), "at once");
      });

      it("ends a request that is never answered", async () => {
        await fastEnough(await open([{ silent: true }]), "at once");
      });

      it("before the start sends nothing", async () => {
        const client = await open([{ parts: [{ text: "x" }] }]);
        const { outcome, events } = await take(client, modelRequest(), AbortSignal.abort());
        assert.deepEqual([outcome, events], [{ kind: "aborted" }, []]);
        assert.equal(backend.bodies.length, 0);
      });
    });

    describe("failures", () => {
      const expectations: [ErrorKind, ModelErrorClass, boolean][] = [
        ["auth", "auth", false],
        ["unknown-model", "bad-request", false],
        ["rate-limit", "rate-limit", true],
        ["server", "bad-response", true],
        ["overloaded", "overloaded", true],
        ["overflow", "context-overflow", false],
        ["bad-request", "bad-request", false],
      ];
      for (const [kind, expected, retryable] of expectations) {
        it(`${kind} is ${expected}`, async () => {
          const failure = failureOf(await take(await open([subject.error(kind)])));
          assert.deepEqual([failure.class, failure.retryable], [expected, retryable]);
          assert.equal(backend.bodies.length, 1, "the client must not retry");
        });
      }

      it("names the model and what to do when there is no such model", async () => {
        const failure = failureOf(await take(await open([subject.error("unknown-model")])));
        assert.match(failure.message, /The model test-model does not exist at /);
        assert.match(failure.next ?? "", /Choose another/);
      });

      it("takes the delay from retry-after", async () => {
        const client = await open([
          subject.error("rate-limit", { "retry-after": "7" }),
          subject.error("rate-limit", { "retry-after-ms": "1500", "retry-after": "2" }),
          subject.error("overloaded", { "retry-after": new Date(Date.now() + 20_000).toUTCString() }),
        ]);
        assert.equal(failureOf(await take(client)).retryAfterMs, 7000);
        assert.equal(failureOf(await take(client)).retryAfterMs, 1500);
        const fromDate = failureOf(await take(client)).retryAfterMs ?? 0;
        assert.ok(fromDate > 15_000 && fromDate <= 20_000, `${fromDate}`);
      });

      it("an error in mid-stream fails the response", async () => {
        const streamError = { code: "server_error", message: "Something broke." };
        const taken = await take(await open([{ parts: [{ text: "Half" }], streamError }]));
        const failure = failureOf(taken);
        assert.equal(failure.class, "bad-response");
        assert.match(failure.message, /Something broke\./);
        assert.equal(taken.text, "Half");
      });

      it("a stream without its terminal event is a network failure", async () => {
        const client = await open([{ parts: [{ text: "x".repeat(400) }], fault: { afterBytes: 700, ending: "end" } }]);
        const taken = await take(client);
        assert.deepEqual([failureOf(taken).class, failureOf(taken).retryable], ["network", true]);
        assert.ok(taken.text.length > 0);
      });

      it("silence is a network failure", async () => {
        const hang = { afterBytes: 700, ending: "hang" } as const;
        const client = await open([{ parts: [{ text: "x".repeat(400) }], fault: hang }, { silent: true }], {
          idleTimeoutMs: 150,
        });
        for (let n = 0; n < 2; n += 1) {
          const failure = failureOf(await take(client));
          assert.deepEqual([failure.class, failure.retryable], ["network", true]);
          assert.match(failure.message, /sent nothing/);
        }
      });

      it("a slow stream is no silence", async () => {
        const client = await open([{ parts: [{ text: "slow" }], chunkSize: 100, chunkDelayMs: 40 }], {
          idleTimeoutMs: 200,
        });
        done("end")((await take(client)).outcome);
      });
    });

    if (subject.unreachable) describeHttp(subject, open);

    describe("a conversation", () => {
      const history = async () => {
        const sealed = subject.replaysReasoning ? [{ reasoning: "Thinking.", sealed: "sealed-bytes" }] : [];
        const client = await open((request) =>
          request.index === 0
            ? {
                parts: [
                  ...sealed,
                  { text: "I look." },
                  { toolCall: { name: "read_file", arguments: { path: "a" } } },
                  { custom: { name: "apply_patch", input: "x" } },
                ],
              }
            : { parts: [{ text: "Done." }] },
        );
        const start = [userInput("Hello"), userInput("World")];
        const context: ModelInput = { kind: "context", text: "It is now." };
        const first = await take(client, modelRequest({ input: [...start, context] }));
        const calls = toInput(first.events);
        const results = calls.flatMap((entry): ModelInput[] =>
          entry.kind === "tool_call"
            ? [{ kind: "tool_result", callId: entry.callId, name: entry.name, output: "out", failed: false }]
            : [],
        );
        const later: ModelInput = { kind: "context", text: "It is later." };
        const input = [...start, ...calls, ...results];
        const second = await take(client, modelRequest({ input: [...input, later] }));
        await take(client, modelRequest({ input: [...input, ...toInput(second.events), userInput("More")] }));
        return backend.bodies;
      };

      it("begins each request with the one before", async () => {
        const bodies = await history();
        assert.equal(bodies.length, 3);
        for (const [n, body] of bodies.entries()) {
          if (n === 0) continue;
          const before = subject.conversation(bodies[n - 1]);
          // Only the last request has no context at its end.
          assert.deepEqual(subject.conversation(body).slice(0, before.length - 1), before.slice(0, -1));
          assert.deepEqual({ ...body, ...changing }, { ...bodies[0], ...changing });
        }
      });

      if (subject.replaysReasoning) {
        it("sends reasoning back unchanged, and to its own model only", async () => {
          const bodies = await history();
          assert.ok(JSON.stringify(bodies[1]).includes("sealed-bytes"));
          const client = await open([{ parts: [{ reasoning: "Hm.", sealed: "sealed-bytes" }, { text: "a" }] }, {}]);
          const { events } = await take(client);
          const input = [userInput("Hello"), ...toInput(events), userInput("Next")];
          await take(client, modelRequest({ input, model: "other-model" }));
          assert.ok(!JSON.stringify(backend.bodies[1]).includes("sealed-bytes"));
        });
      }

      it("answers calls that have no result", async () => {
        const client = await open([{ parts: [{ text: "ok" }] }]);
        const call = (callId: string): ModelInput => ({
          kind: "tool_call",
          callId,
          name: "read_file",
          argumentsText: "{}",
        });
        const result: ModelInput = { kind: "tool_result", callId: "b", name: "read_file", output: "B!", failed: false };
        const input = [userInput("x"), call("a"), call("b"), result, userInput("go on")];
        done("end")((await take(client, modelRequest({ input }))).outcome);
        const sent = JSON.stringify(subject.conversation(backend.bodies[0]));
        assert.match(sent, /No result: the call was interrupted/);
        assert.ok(sent.indexOf("No result") < sent.indexOf("B!") && sent.indexOf("B!") < sent.indexOf("go on"));
      });

      it("keeps the words of a result whose call is gone", async () => {
        const client = await open([{ parts: [{ text: "ok" }] }]);
        const result: ModelInput = { kind: "tool_result", callId: "z", name: "read_file", output: "Z!", failed: false };
        await take(client, modelRequest({ input: [userInput("x"), result] }));
        assert.match(JSON.stringify(subject.conversation(backend.bodies[0])), /earlier call of read_file.*Z!/);
      });

      it("carries images of the person and of tools", async () => {
        const client = await open([{ parts: [{ text: "ok" }] }]);
        const image = { mediaType: "image/png", data: pixel };
        const input: ModelInput[] = [
          { kind: "user", text: "See", images: [image] },
          { kind: "tool_call", callId: "a", name: "read_file", argumentsText: "{}" },
          { kind: "tool_result", callId: "a", name: "read_file", output: "shot", images: [image], failed: false },
        ];
        done("end")((await take(client, modelRequest({ input }))).outcome);
        assert.equal(JSON.stringify(backend.bodies[0]).split(pixel).length, 3);
      });
    });
  });
}

/** What may differ between requests of one session. */
const changing = { input: null, messages: null };

function describeHttp(subject: ConformanceSubject, open: (script: FakeScript) => Promise<ModelClient>): void {
  describe("over HTTP", () => {
    it("a server that can not be reached is a network failure", async () => {
      const failure = failureOf(await take((await subject.unreachable?.()) ?? assert.fail()));
      assert.deepEqual([failure.class, failure.retryable], ["network", true]);
      assert.match(failure.message, /Nothing answers at http:\/\/127\.0\.0\.1:/);
      assert.match(failure.next ?? "", /server running/);
    });

    it("a connection that breaks is a network failure", async () => {
      const client = await open([{ parts: [{ text: "x".repeat(400) }], fault: { afterBytes: 700, ending: "cut" } }]);
      assert.equal(failureOf(await take(client)).class, "network");
    });

    it("a page instead of a stream is a bad response", async () => {
      const client = await open([{ body: "<html>Welcome to the proxy</html>" }]);
      const failure = failureOf(await take(client));
      assert.equal(failure.class, "bad-response");
      assert.match(failure.message, /Welcome to the proxy/);
    });

    it("an event that is no JSON is a bad response", async () => {
      const failure = failureOf(await take(await open([{ raw: "data: {oops\n\n" }])));
      assert.equal(failure.class, "bad-response");
    });

    it("shows no key", async () => {
      const reply = { status: 401, body: { error: { message: "Bad key test-key-123456789 (sk-abcdefghijklmnop)" } } };
      const failure = failureOf(await take(await open([reply])));
      assert.doesNotMatch(failure.message, /test-key-123456789|sk-abc/);
      assert.match(failure.next ?? "", /^Check the key in [A-Z_]+ or run “CodePilot: Set API Key”\.$/);
    });

    it("ends although the server keeps the connection open", async () => {
      const { outcome, text } = await take(await open([{ parts: [{ text: "ok" }], neverClose: true }]));
      done("end")(outcome);
      assert.equal(text, "ok");
    });
  });
}
