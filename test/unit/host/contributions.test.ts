/** package.json says what the table in src/host/contributions.ts says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fromRoot } from "../../../scripts/paths.ts";
import {
  activationEvents,
  capabilities,
  commands,
  contextKeys,
  contributesSection,
  editorKeys,
  inSessions,
} from "../../../src/host/contributions.ts";

const manifest = JSON.parse(readFileSync(fromRoot("package.json"), "utf8"));

describe("contributions", () => {
  it("are the same in package.json", () => {
    assert.deepEqual(manifest.contributes, JSON.parse(JSON.stringify(contributesSection())));
  });

  it("activate and declare capabilities as the table says", () => {
    assert.deepEqual(manifest.activationEvents, activationEvents);
    assert.deepEqual(manifest.capabilities, capabilities);
  });

  it("use only context keys that exist", () => {
    const known = new Set<string>([...Object.values(contextKeys), ...Object.values(editorKeys), inSessions]);
    const clauses = [
      ...Object.values(commands).map((row) => ("enablement" in row ? row.enablement : undefined)),
      ...contributesSection().keybindings.map((row) => ("when" in row ? row.when : undefined)),
    ].filter((clause) => clause !== undefined);
    assert.deepEqual(
      clauses.filter((clause) => !known.has(clause)),
      [],
    );
  });

  it("describe every setting", () => {
    const undescribed = Object.entries(contributesSection().configuration.properties).filter(
      ([, row]) => !("description" in row) && !("markdownDescription" in row),
    );
    assert.deepEqual(undescribed, []);
  });
});
