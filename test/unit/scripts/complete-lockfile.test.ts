/** The entries that `npm run lock` adds for platforms which the machine's package mirror lacks. */
import assert from "node:assert/strict";
import { missingEntries } from "../../../scripts/complete-lockfile.ts";

describe("scripts: missingEntries", () => {
  it("adds an optional platform package with its platform", () => {
    const packages = {
      "node_modules/tool": { dev: true, optionalDependencies: { "@tool/cli-linux-x64-musl": "1.2.3" } },
    };
    assert.deepEqual(missingEntries(packages), {
      "node_modules/@tool/cli-linux-x64-musl": {
        version: "1.2.3",
        cpu: ["x64"],
        dev: true,
        libc: ["musl"],
        optional: true,
        os: ["linux"],
      },
    });
  });

  it("leaves alone what is there, nested or not", () => {
    const packages = {
      "node_modules/tool": { optionalDependencies: { a: "1.0.0", b: "1.0.0" } },
      "node_modules/a": {},
      "node_modules/tool/node_modules/b": {},
    };
    assert.deepEqual(missingEntries(packages), {});
  });

  it("translates the names people give to platforms", () => {
    const packages = { "node_modules/tool": { optionalDependencies: { "tool-win-arm64": "1.0.0" } } };
    assert.deepEqual(missingEntries(packages)["node_modules/tool-win-arm64"]?.os, ["win32"]);
  });
});
