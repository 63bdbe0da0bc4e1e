/** Model ids, endpoints and what is missing before a provider can be asked. */
import assert from "node:assert/strict";
import {
  baseUrlOf,
  createModelClient,
  describeReadiness,
  isLoopback,
  parseModelId,
  providerIds,
} from "../../../src/providers/registry.ts";

describe("parseModelId", () => {
  it("splits at the first slash only", () => {
    assert.deepEqual(parseModelId("openai-chat/qwen/qwen3-coder"), {
      kind: "model",
      provider: "openai-chat",
      name: "qwen/qwen3-coder",
    });
  });

  it("needs no name for the demo", () => {
    assert.deepEqual(parseModelId("demo"), { kind: "model", provider: "demo", name: "scripted" });
  });

  for (const id of ["", "gpt-5", "openai/", "openai", "gemini/x", "/x"]) {
    it(`refuses “${id}” and says how to write it`, () => {
      const parsed = parseModelId(id);
      assert.ok(parsed.kind === "invalid" && /PROVIDER\/NAME/.test(parsed.next));
    });
  }
});

describe("describeReadiness", () => {
  it("names the variable and the command for a missing key", () => {
    const readiness = describeReadiness({ provider: "anthropic" });
    assert.ok(readiness.kind === "missing-key");
    assert.match(readiness.next, /Set ANTHROPIC_API_KEY or run “CodePilot: Set API Key”/);
  });

  for (const apiKey of ["“sk-abc”", "sk-a\nb", "ключ"]) {
    it(`says of ${JSON.stringify(apiKey)} that it is no key, without showing it`, () => {
      const readiness = describeReadiness({ provider: "openai-chat", apiKey, apiKeyEnv: "SHOP_KEY" });
      assert.ok(readiness.kind === "bad-key");
      assert.match(readiness.message, /SHOP_KEY/);
      assert.ok(!`${readiness.message} ${readiness.next}`.includes(apiKey));
    });
  }

  it("takes a key with a line end behind it", () => {
    assert.equal(describeReadiness({ provider: "openai", apiKey: "sk-abc\n" }).kind, "ready");
  });

  it("takes key and base URL from the environment", () => {
    const environment = { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "https://proxy.example/v1/" };
    const ready = { kind: "ready", baseUrl: "https://proxy.example/v1" };
    assert.deepEqual(describeReadiness({ provider: "openai-chat" }, environment), ready);
    assert.equal(baseUrlOf("openai", "http://asked/v1", environment), "http://asked/v1");
  });

  it("wants no key for a server on this machine", () => {
    for (const baseUrl of ["http://localhost:11434/v1", "http://127.0.0.1:1", "http://[::1]:8000/v1"]) {
      assert.equal(describeReadiness({ provider: "openai-chat", baseUrl }).kind, "ready", baseUrl);
    }
    assert.equal(isLoopback("http://127.0.0.1.example.com"), false);
    assert.equal(isLoopback("http://localhost.example.com"), false);
  });

  it("refuses what is no URL of a server", () => {
    for (const baseUrl of ["localhost:11434", "file:///etc", "nonsense"]) {
      assert.equal(describeReadiness({ provider: "openai", baseUrl, apiKey: "k" }).kind, "bad-url", baseUrl);
    }
  });
});

describe("createModelClient", () => {
  it("makes a client for each provider", () => {
    for (const provider of providerIds) {
      // One that is a server of another's wire format has the client of that.
      const format = provider === "alibaba" ? "openai-chat" : provider;
      assert.equal(createModelClient({ provider, apiKey: "k" }).provider, format);
    }
  });
});
