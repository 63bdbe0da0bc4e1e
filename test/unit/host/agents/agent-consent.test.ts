/** What the person has to see before an agent file of a folder runs. */
import assert from "node:assert/strict";
import { AgentConsent } from "../../../../src/host/agents/agent-consent.ts";
import type { AgentProfile } from "../../../../src/protocol/agent-profile.ts";

type Model = NonNullable<AgentProfile["model"]>;

function consentFor(answers: (string | undefined)[], trusted = true) {
  const asked: string[] = [];
  let kept: unknown;
  const consent = new AgentConsent({
    ask: async (message, { detail }, ...buttons) => {
      asked.push([message, detail, ...buttons].join("\n"));
      return answers.shift();
    },
    trusted: () => trusted,
    folders: () => ["/w"],
    kept: {
      read: () => kept,
      write: (agreed) => {
        kept = agreed;
      },
    },
  });
  const check = (model: Partial<Model> = {}, workDir?: string) =>
    consent.check({ profile: profile(model, workDir), home: "/w", warnings: [] });
  return { check, asked };
}

function profile(model: Partial<Model>, workDir: string | undefined): AgentProfile {
  return {
    name: "Fixer",
    file: "/w/agent.yaml",
    interface: "tools",
    dialect: "codepilot",
    model: { id: "openai-chat/x", settings: {}, ...model },
    ...(workDir === undefined ? {} : { workDir }),
    maxSteps: 20,
    confined: true,
    tools: null,
    alwaysAsk: [],
    memory: { maxContextTokens: 1, globalSummaryThreshold: 1, globalSummaryMaxTokens: 1 },
  };
}

describe("consent to an agent file", () => {
  it("is not needed for one that stays in the folder and leaves the server to the provider", async () => {
    const { check, asked } = consentFor([]);
    assert.equal(await check({}, "/w/inner"), "agreed");
    assert.equal(await check({ baseUrl: "http://127.0.0.1:11434/v1" }), "agreed");
    assert.equal(await check({ baseUrl: "https://api.openai.com/v1/" }), "agreed");
    assert.deepEqual(asked, []);
  });

  it("is asked for, with server and key, once for each", async () => {
    const { check, asked } = consentFor(["Run", "Run", undefined]);
    assert.equal(await check({ baseUrl: "https://models.example/v1" }), "agreed");
    assert.equal(await check({ baseUrl: "https://models.example/v1" }), "agreed");
    assert.equal(asked.length, 1);
    assert.equal(
      asked[0],
      "Run the agent Fixer?\n/w/agent.yaml\n\nIt sends the task, what it reads and the key in OPENAI_API_KEY to models.example.\nRun",
    );
    assert.equal(await check({ baseUrl: "https://models.example/v1", apiKeyEnv: "OTHER" }), "agreed");
    assert.match(asked[1] ?? "", /the key in OTHER to models\.example/);
    assert.equal(await check({ baseUrl: "https://elsewhere.example/v1" }), "declined");
  });

  it("is asked for again when it was declined", async () => {
    const { check, asked } = consentFor([undefined, "Run"]);
    assert.equal(await check({}, "/"), "declined");
    assert.equal(await check({}, "/"), "agreed");
    assert.match(asked[1] ?? "", /It works in \/, which is in none of the open folders\./);
    assert.equal(await check({}, "/wx"), "declined", "not inside a folder because its name begins alike");
  });

  it("is never given in a workspace that is not trusted", async () => {
    const { check, asked } = consentFor(["Run"], false);
    assert.equal(await check(), "untrusted");
    assert.deepEqual(asked, []);
  });
});
