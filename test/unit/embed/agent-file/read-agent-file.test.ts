/** Agent files: every key with its default, what it takes, and what is said of anything else, to the column. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fromRoot } from "../../../../scripts/paths.ts";
import { valueAt } from "../../../../src/embed/agent-file/describe-issue.ts";
import { linesOf } from "../../../../src/embed/agent-file/load-agent-file.ts";
import { looksLikeAgentFile, readAgentFile } from "../../../../src/embed/agent-file/read-agent-file.ts";
import { type AgentFile, agentFileJsonSchema, agentFileKeys } from "../../../../src/protocol/agent-file.ts";
import { contextTools, defaultAgentTools } from "../../../../src/protocol/agent-tools.ts";
import { toolbox } from "../../../support/toolbox.ts";

function file(text: string): AgentFile {
  const read = readAgentFile(text);
  if (read.kind === "invalid") assert.fail(linesOf("agent.yaml", read.errors).join("\n"));
  return read.file;
}

function problems(text: string): string[] {
  const read = readAgentFile(text);
  return read.kind === "invalid" ? linesOf("a.yaml", read.errors) : assert.fail("was accepted");
}

function warnings(text: string): string[] {
  const read = readAgentFile(text);
  return read.kind === "valid" ? linesOf("a.yaml", read.warnings) : assert.fail(problems(text).join("\n"));
}

/** YAML with a value at a path; `tools` stands for its first entry, an execute. */
function yamlWith(path: readonly string[], value: string): string {
  if (path[0] === "tools" && path.length > 1) {
    const [, ...rest] = path;
    const lines = rest.map(
      (key, depth) => `    ${"  ".repeat(depth)}${key}:${depth === rest.length - 1 ? ` ${value}` : ""}`,
    );
    return `tools:\n  - name: execute\n${lines.join("\n")}\n`;
  }
  const before = path[0] === "model" && path.length > 1 ? ["  provider: openai", "  name: m"] : [];
  const lines = path.map((key, depth) => `${"  ".repeat(depth)}${key}:${depth === path.length - 1 ? ` ${value}` : ""}`);
  return `${[lines[0], ...before, ...lines.slice(1)].join("\n")}\n`;
}

interface KeyRow {
  readonly path: readonly string[];
  readonly default: unknown;
  readonly valid: readonly (readonly [yaml: string, value: unknown])[];
  readonly invalid: readonly (readonly [yaml: string, message: string])[];
}

const number = "must be a whole number above 0";
const flags = [
  ["true", true],
  ["false", false],
] as const;

const keyTable: readonly KeyRow[] = [
  {
    path: ["name"],
    default: undefined,
    valid: [["Fixer", "Fixer"]],
    invalid: [
      ['""', 'name must not be empty, not "".'],
      ["7", 'name must be text, not 7. Did you mean "7"?'],
    ],
  },
  {
    path: ["role"],
    default: undefined,
    valid: [["a baker", "a baker"]],
    invalid: [["[a]", "role must be text, not a list."]],
  },
  {
    path: ["system_prompt"],
    default: "",
    valid: [["Be kind.", "Be kind."]],
    invalid: [["{ a: b }", "system_prompt must be text, not a mapping."]],
  },
  {
    path: ["interface"],
    default: "python",
    valid: [
      ["tools", "tools"],
      ["python", "python"],
    ],
    invalid: [
      ["pyton", 'interface must be python, tools or javascript, not "pyton". Did you mean "python"?'],
      ["javascript", 'interface javascript: not yet. Use "python" or "tools".'],
    ],
  },
  {
    path: ["dialect"],
    default: "codepilot",
    valid: [["codepilot", "codepilot"]],
    invalid: [
      ["codex", 'dialect codex: not yet. Use "codepilot" or leave it out.'],
      ["latin", 'dialect must be codepilot or codex, not "latin".'],
    ],
  },
  {
    path: ["model"],
    default: undefined,
    valid: [
      [
        "{ provider: demo, name: scripted }",
        { provider: "demo", name: "scripted", thinking: { enabled: false, budget_tokens: 8000 } },
      ],
    ],
    invalid: [
      ["gpt-5", 'model must be a mapping, not "gpt-5".'],
      ["{ name: x }", "model.provider is missing: it is anthropic, openai, openai-chat, alibaba, vscode or demo."],
      ["{ provider: demo }", "model.name is missing."],
    ],
  },
  {
    path: ["model", "temperature"],
    default: undefined,
    valid: [
      ["0", 0],
      ["1.5", 1.5],
    ],
    invalid: [
      ["2.1", "model.temperature must be a number from 0 to 2, not 2.1."],
      ['"0.5"', 'model.temperature must be a number from 0 to 2, not "0.5". Did you mean 0.5?'],
    ],
  },
  {
    path: ["model", "max_tokens"],
    default: undefined,
    valid: [["4096", 4096]],
    invalid: [
      ["0", `model.max_tokens ${number}, not 0.`],
      ["1.5", `model.max_tokens ${number}, not 1.5.`],
    ],
  },
  {
    path: ["model", "api_key_env"],
    default: undefined,
    valid: [["MY_KEY", "MY_KEY"]],
    invalid: [["sk-123", 'model.api_key_env must be the name of an environment variable, not "sk-123".']],
  },
  {
    path: ["model", "base_url"],
    default: undefined,
    valid: [["http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"]],
    invalid: [
      ["localhost", 'model.base_url must be an http or https URL without user name and password, not "localhost".'],
      [
        "https://me:pw@x.example/v1",
        'model.base_url must be an http or https URL without user name and password, not "https://me:pw@x.example/v1".',
      ],
      ["file:///etc", 'model.base_url must be an http or https URL without user name and password, not "file:///etc".'],
    ],
  },
  {
    path: ["model", "reasoning_effort"],
    default: undefined,
    valid: ["minimal", "low", "medium", "high"].map((word) => [word, word] as const),
    invalid: [
      ["hihg", 'model.reasoning_effort must be minimal, low, medium or high, not "hihg". Did you mean "high"?'],
    ],
  },
  {
    path: ["model", "thinking"],
    default: { enabled: false, budget_tokens: 8000 },
    valid: [["{ enabled: true }", { enabled: true, budget_tokens: 8000 }]],
    invalid: [["true", "model.thinking must be a mapping, not true."]],
  },
  {
    path: ["model", "thinking", "enabled"],
    default: false,
    valid: flags,
    invalid: [["yes", 'model.thinking.enabled must be true or false, not "yes". Did you mean true?']],
  },
  {
    path: ["model", "thinking", "budget_tokens"],
    default: 8000,
    valid: [["2048", 2048]],
    invalid: [["-1", `model.thinking.budget_tokens ${number}, not -1.`]],
  },
  {
    path: ["runtime", "work_dir"],
    default: undefined,
    valid: [["../x", "../x"]],
    invalid: [["3", 'runtime.work_dir must be text, not 3. Did you mean "3"?']],
  },
  {
    path: ["runtime", "unsafe_mode"],
    default: false,
    valid: flags,
    invalid: [["no", 'runtime.unsafe_mode must be true or false, not "no". Did you mean false?']],
  },
  {
    path: ["runtime", "max_steps"],
    default: 20,
    valid: [["7", 7]],
    invalid: [
      ["lots", `runtime.max_steps ${number}, not "lots".`],
      ['"7"', `runtime.max_steps ${number}, not "7". Did you mean 7?`],
      ["0", `runtime.max_steps ${number}, not 0.`],
    ],
  },
  {
    path: ["memory", "max_context_tokens"],
    default: 120_000,
    valid: [["1", 1]],
    invalid: [["0", `memory.max_context_tokens ${number}, not 0.`]],
  },
  {
    path: ["memory", "global_summary_threshold"],
    default: 0.9,
    valid: [
      ["1", 1],
      ["0.01", 0.01],
    ],
    invalid: [
      ["0", "memory.global_summary_threshold must be a number above 0 and up to 1, not 0."],
      ["1.01", "memory.global_summary_threshold must be a number above 0 and up to 1, not 1.01."],
    ],
  },
  {
    path: ["memory", "global_summary_max_tokens"],
    default: 500,
    valid: [["9", 9]],
    invalid: [["x", `memory.global_summary_max_tokens ${number}, not "x".`]],
  },
  {
    path: ["permissions", "approval"],
    default: undefined,
    valid: [["never", "never"]],
    invalid: [["always", 'permissions.approval must be untrusted, on-request, on-failure or never, not "always".']],
  },
  ...["allow", "ask", "deny"].map((key) => ({
    path: ["permissions", key],
    default: [],
    valid: [["[]", []] as const],
    invalid: [
      ["[npm test]", `permissions.${key}: not yet. Leave it out.`] as const,
      ["npm", `permissions.${key} must be a list, not "npm".`] as const,
    ],
  })),
  {
    path: ["tools"],
    default: [],
    valid: [["[]", []]],
    invalid: [
      ["read_file", 'tools must be a list, not "read_file".'],
      ["[read_file]", 'tools[0] must be a mapping, not "read_file".'],
    ],
  },
  {
    path: ["tools", "enabled"],
    default: true,
    valid: flags,
    invalid: [["on", 'tools[0].enabled must be true or false, not "on". Did you mean true?']],
  },
  {
    path: ["tools", "config"],
    default: { require_permission: false },
    valid: [["{}", { require_permission: false }]],
    invalid: [["[]", "tools[0].config must be a mapping, not a list."]],
  },
  {
    path: ["tools", "config", "require_permission"],
    default: false,
    valid: flags,
    invalid: [["1", "tools[0].config.require_permission must be true or false, not 1."]],
  },
  {
    path: ["tools", "config", "max_output_chars"],
    default: undefined,
    valid: [["10000", 10_000]],
    invalid: [
      ["0", `tools[0].config.max_output_chars ${number}, not 0.`],
      ["500000", `tools[0].config.max_output_chars ${number} and up to 400000, not 500000.`],
    ],
  },
];

/** The least that holds the place of a key, but not the key. */
function withoutKey(path: readonly string[]): string {
  if (path.length === 1) return path[0] === "name" ? "role: x" : "name: x";
  return (
    { model: "model: { provider: openai, name: m }", tools: "tools: [{ name: execute }]" }[path[0] ?? ""] ?? "name: x"
  );
}

/** In what was read, `tools` means its first entry. */
const pathIn = (path: readonly string[]) =>
  path[0] === "tools" && path.length > 1 ? ["tools", 0, ...path.slice(1)] : path;

describe("the agent file", () => {
  for (const row of keyTable) {
    const name = row.path.join(".");
    it(`takes ${name}`, () => {
      assert.deepEqual(valueAt(file(withoutKey(row.path)), pathIn(row.path)), row.default, "default");
      for (const [yaml, value] of row.valid) {
        assert.deepEqual(valueAt(file(yamlWith(row.path, yaml)), pathIn(row.path)), value, yaml);
        const wrapped = `agent:\n${yamlWith(row.path, yaml).replaceAll(/^(?=.)/gm, "  ")}`;
        assert.deepEqual(file(wrapped), file(yamlWith(row.path, yaml)), "below agent");
      }
      if (row.path.length > 0 && row.path[0] !== "tools") {
        assert.deepEqual(valueAt(file(yamlWith(row.path, "")), pathIn(row.path)), row.default, "without a value");
      }
    });
    it(`says what is wrong with ${name}`, () => {
      for (const [yaml, message] of row.invalid) {
        const text = yamlWith(row.path, yaml);
        const [problem, ...more] = problems(text);
        assert.deepEqual(more, [], yaml);
        assert.equal(problem?.replace(/^a\.yaml:\d+:\d+: /, ""), message, yaml);
        const [, line, column] = /^a\.yaml:(\d+):(\d+): /.exec(problem ?? "") ?? [];
        const at = text.split("\n")[Number(line) - 1]?.slice(Number(column) - 1) ?? "";
        const key = row.path.at(-1) ?? "";
        const starts = at.startsWith(yaml) || at.startsWith(yaml.replace(/^\[/, "")) || at.startsWith(`${key}:`);
        assert.ok(starts, `${problem} points at ${at}`);
      }
    });
  }

  it("has each of its keys in the table", () => {
    const tested = new Set(keyTable.map(({ path }) => path.join(".")));
    const keys = [...agentFileKeys].flatMap(([place, names]) =>
      names.map((key) => (place === "" ? key : `${place}.${key}`)),
    );
    // What is tested by itself below, and mappings, whose keys are.
    for (const other of ["model.provider", "model.name", "tools.name", "runtime", "memory", "permissions"])
      tested.add(other);
    assert.deepEqual(
      keys.filter((key) => !tested.has(key)),
      [],
    );
  });

  it("knows every provider and every tool that there is", async () => {
    for (const provider of ["anthropic", "openai", "openai-chat", "alibaba", "vscode", "demo"]) {
      assert.equal(file(`model: { provider: ${provider}, name: a/b }`).model?.provider, provider);
    }
    const known: readonly string[] = [...defaultAgentTools, ...contextTools];
    await using box = await toolbox();
    assert.deepEqual(
      box.tools.map(({ name }) => name).filter((name) => !known.includes(name)),
      [],
    );
    for (const name of [...known, "semantic_search"]) {
      assert.equal(file(`tools: [{ name: ${name} }]`).tools[0]?.name, name);
    }
  });

  it("takes the original's file as it is", () => {
    const text = readFileSync(fromRoot("test/fixtures/agent-files/original.yaml"), "utf8");
    const read = file(text);
    assert.equal(read.tools.length, 7);
    assert.deepEqual(
      read.tools.filter(({ config }) => config.require_permission).map(({ name }) => name),
      ["write_file", "execute"],
    );
    assert.equal(read.interface, "python");
    assert.deepEqual(warnings(text), []);
  });

  it("names unknown keys with their place and what was meant", () => {
    assert.deepEqual(
      problems(
        "model:\n  provider: openai\n  name: gpt-5\n  temprature: 1\nmax_step: 3\nmodle: {}\nruntime: { colour: red }\n",
      ),
      [
        'a.yaml:4:3: unknown key "temprature" in model. Did you mean "temperature"?',
        'a.yaml:5:1: unknown key "max_step". Did you mean "runtime.max_steps"?',
        'a.yaml:6:1: unknown key "modle". Did you mean "model"?',
        'a.yaml:7:12: unknown key "colour" in runtime. It takes work_dir, unsafe_mode and max_steps.',
      ],
    );
    assert.deepEqual(problems("model: { provider: openai, name: x, thinking: { reasoning_effort: high } }"), [
      'a.yaml:1:49: unknown key "reasoning_effort" in model.thinking. Did you mean "model.reasoning_effort"?',
    ]);
    assert.deepEqual(problems("tools:\n  - name: find\n    config:\n      max_output_chars: 5\n"), [
      'a.yaml:4:7: unknown key "max_output_chars" in tools[0].config. It takes require_permission.',
    ]);
    assert.match(
      problems("agent: { name: x }\nmodel: {}\n")[0] ?? "",
      /^a\.yaml:2:1: unknown key "model" beside agent\. /,
    );
    assert.match(
      problems("banana: null\n")[0] ?? "",
      /^a\.yaml:1:1: unknown key "banana"\. An agent file takes name, /,
    );
  });

  it("names unknown tools with what was meant", () => {
    const all = "read_file, write_file, find, read_output, send_input, terminate_terminal, ask_user";
    assert.deepEqual(
      problems("tools:\n  - name: red_file\n  - name: teleport\n  - {}\n").map((line) => line.split(` ${all}`)[0]),
      [
        "a.yaml:2:11: tools[0].name must be",
        "a.yaml:3:11: tools[1].name must be",
        "a.yaml:4:5: tools[2].name is missing: it is",
      ],
    );
    assert.match(problems("tools:\n  - name: red_file\n")[0] ?? "", /not "red_file"\. Did you mean "read_file"\?$/);
    assert.match(problems("tools:\n  - name: teleport\n")[0] ?? "", /not "teleport"\.$/);
  });

  it("tells all problems at once, in the file's order, but not more than a person reads", () => {
    const many = Array.from({ length: 50 }, (_, n) => `k${n}x: 1`).join("\n");
    const told = problems(many);
    assert.equal(told.length, 21);
    assert.equal(told.at(-1), "a.yaml: … and 30 more");
  });

  it("names line and column of what is no YAML", () => {
    assert.match(problems("name: a\nmodel: [unclosed\n")[0] ?? "", /^a\.yaml:3:1: this is not YAML: /);
    assert.match(problems("a: 1\na: 2\n")[0] ?? "", /^a\.yaml:2:1: this is not YAML: Map keys must be unique/);
    assert.deepEqual(problems("name: a\nmodel:\n  name: x\n  'name': y\n  \"name\": z\n"), [
      "a.yaml:4:3: this is not YAML: Map keys must be unique",
      "a.yaml:5:3: this is not YAML: Map keys must be unique",
    ]);
    assert.match(problems("name: !!python/object x\n")[0] ?? "", /^a\.yaml:1:7: this is not YAML: /);
    assert.equal(
      problems("name: a\n---\nname: b\n")[0],
      "a.yaml:2:1: this is not YAML: a second document begins here; an agent file is one",
    );
    for (const text of ["name: X\nmodel: &m\n  name: *m\n", `name: ${"[".repeat(5_000)}\n`]) {
      assert.match(problems(text)[0] ?? "", /this is not YAML: it is nested too deeply, or an alias/);
    }
    for (const key of ["constructor", "__proto__", "toString"]) {
      assert.match(problems(`${key}: 1\nname: a\n`)[0] ?? "", /unknown key ".*"\. An agent file takes/);
    }
    assert.match(problems("")[0] ?? "", /^a\.yaml:1:1: the file is empty\./);
    assert.match(problems("# nothing\n")[0] ?? "", /the file is empty/);
    assert.match(problems("- a list\n")[0] ?? "", /^a\.yaml:1:1: an agent file must be a mapping, not a list\.$/);
    assert.match(problems("agent: text\n")[0] ?? "", /^a\.yaml:1:8: an agent file must be a mapping, not "text"\.$/);
  });

  it("follows aliases and merge keys, and refuses a bomb of them", () => {
    const shared =
      "tools:\n  - &t { name: find, config: { require_permission: true } }\n  - { <<: *t, name: execute }\n";
    assert.equal(file(shared).tools[1]?.config.require_permission, true);
    const bomb = ["a: &a0 [x, x]", ...Array.from({ length: 20 }, (_, n) => `b${n}: &a${n + 1} [*a${n}, *a${n}]`)].join(
      "\n",
    );
    assert.match(problems(bomb)[0] ?? "", /alias/i);
  });

  it("warns of what is accepted and yet is not as it reads", () => {
    assert.deepEqual(warnings("name: x\nmemory:\n  max_context_tokens: 5\n"), [
      "a.yaml:2:1: memory is kept and takes effect with compaction: not yet.",
    ]);
    assert.deepEqual(
      warnings(
        "tools:\n  - name: semantic_search\n    config: { provider: ollama, top_k: 3 }".replace(", top_k: 3", ""),
      ),
      ["a.yaml:2:5: semantic_search: not yet. The agent works without it."],
    );
    assert.match(
      warnings("runtime: { unsafe_mode: true }")[0] ?? "",
      /1:12: unsafe_mode lets .* asked for all the same\.$/,
    );
    assert.match(warnings("tools: [{ name: find, enabled: false }]")[0] ?? "", /every tool is switched off/);
    assert.match(warnings("tools: [{ name: find }, { name: find }]")[0] ?? "", /find is listed twice/);
  });

  it("says when thinking gets less than was written, or nothing", () => {
    const model = (more: string) => `model: { provider: anthropic, name: m, ${more} }`;
    assert.deepEqual(warnings(model("thinking: { enabled: true }")), []);
    assert.deepEqual(warnings(model("max_tokens: 16000, thinking: { enabled: true }")), []);
    assert.match(
      warnings(model("max_tokens: 8192, thinking: { enabled: true }"))[0] ?? "",
      /8000 is made 6144, so that 2048 of max_tokens 8192 are left/,
    );
    assert.match(
      warnings(model("max_tokens: 3000, thinking: { enabled: true }"))[0] ?? "",
      /leaves no room for thinking, so there is none\. It needs 3072\./,
    );
    assert.match(
      warnings(model("thinking: { enabled: true, budget_tokens: 5 }"))[0] ?? "",
      /less than the API takes; it is 1024/,
    );
    assert.match(
      warnings(model("temperature: 0.2, thinking: { enabled: true }"))[0] ?? "",
      /temperature 0\.2 is left out/,
    );
    assert.match(
      warnings(model("thinking: { enabled: true }").replace("anthropic", "openai"))[0] ?? "",
      /See model\.reasoning_effort/,
    );
  });

  it("is told from other files of the name", () => {
    assert.ok(looksLikeAgentFile("agent:\n  name: x\n"));
    assert.ok(looksLikeAgentFile("name: x\nmodel:\n  provider: y\n"));
    assert.equal(looksLikeAgentFile("name: root\nmodel: some-model\ninstruction: hi\n"), false);
    assert.equal(looksLikeAgentFile("- 1"), false);
    assert.equal(looksLikeAgentFile(""), false);
  });
});

describe("the schema for editors", () => {
  it("describes every key", () => {
    const { definitions } = agentFileJsonSchema() as {
      definitions: { agent: { properties: Record<string, { description?: string }> } };
    };
    const undescribed = Object.entries(definitions.agent.properties).filter(([, row]) => !row.description);
    assert.deepEqual(undescribed, []);
    assert.deepEqual(Object.keys(definitions.agent.properties), agentFileKeys.get(""));
  });
});
