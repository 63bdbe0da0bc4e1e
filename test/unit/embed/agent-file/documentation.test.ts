/** docs/agent-file.md: its example has every key and loads. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { fromRoot } from "../../../../scripts/paths.ts";
import { readAgentFile } from "../../../../src/embed/agent-file/read-agent-file.ts";
import { agentFileKeys } from "../../../../src/protocol/agent-file.ts";
import { defaultAgentTools } from "../../../../src/protocol/agent-tools.ts";
import { providerIds } from "../../../../src/providers/registry.ts";

describe("the documentation of agent files", () => {
  const page = readFileSync(fromRoot("docs/agent-file.md"), "utf8");
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? assert.fail("no example");

  it("shows every key in an example that loads", () => {
    const read = readAgentFile(example);
    assert.ok(read.kind === "valid", JSON.stringify(read));
    assert.deepEqual(
      read.warnings.map(({ message }) => message),
      ["memory is kept and takes effect with compaction: not yet."],
    );
    const written = parse(example) as Record<string, unknown>;
    for (const [place, keys] of agentFileKeys) {
      const mapping = place
        .split(".")
        .filter((step) => step !== "")
        .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], written);
      const shown = Array.isArray(mapping)
        ? mapping.flatMap((item) => Object.keys(item))
        : Object.keys(mapping as object);
      assert.deepEqual(
        [...new Set(keys)].filter((key) => !shown.includes(key)),
        [],
        place,
      );
    }
    assert.deepEqual(read.file.tools.map(({ name }) => name).sort(), [...defaultAgentTools].sort());
  });

  it("lists every provider", () => {
    for (const provider of [...providerIds, "vscode"]) assert.match(page, new RegExp(`^\\| \`${provider}\` \\|`, "m"));
  });
});
