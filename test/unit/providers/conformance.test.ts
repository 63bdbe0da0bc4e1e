/** Every HTTP provider passes the one suite, against the fake server. */

import { leanFetch } from "../../../src/node/http/lean-fetch.ts";
import { createModelClient } from "../../../src/providers/registry.ts";
import { errorReply, startFakeModel, type WireFormat } from "../../support/fake-model/server.ts";
import { type ConformanceSubject, describeModelConformance } from "../../support/model-conformance.ts";

/** Cache marks of Anthropic move along with the conversation and are no part of what is cached. */
const withoutMarks = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner) => (key === "cache_control" ? undefined : inner)));

/** `how`: over which HTTP client; the program's own `fetch` without one. */
function subject(format: WireFormat, how: { readonly fetch?: typeof fetch } = {}): ConformanceSubject {
  return {
    name: how.fetch ? `${format} over Node's HTTP client` : format,
    open: async (script, options = {}) => {
      const server = await startFakeModel(script);
      const baseUrl = server.baseUrl(format);
      return {
        client: createModelClient({ provider: format, baseUrl, apiKey: "test-key-123456789", ...how, ...options }),
        get bodies() {
          return server.requests.map(({ body }) => body);
        },
        close: () => server.close(),
      };
    },
    error: (kind, headers) => errorReply(format, kind, headers),
    conversation(body) {
      if (format !== "anthropic") return body.input ?? body.messages;
      // Messages of one side are merged, so blocks are what grows.
      return body.messages.flatMap((message: { role: string; content: unknown[] }) =>
        message.content.map((block) => withoutMarks({ role: message.role, block })),
      );
    },
    async unreachable() {
      const server = await startFakeModel([]);
      await server.close();
      return createModelClient({ provider: format, baseUrl: server.baseUrl(format), ...how });
    },
    replaysReasoning: format !== "openai-chat",
  };
}

for (const format of ["openai", "openai-chat", "anthropic"] as const) {
  describeModelConformance(subject(format));
  describeModelConformance(subject(format, { fetch: leanFetch }));
}
