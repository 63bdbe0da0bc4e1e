import assert from "node:assert/strict";
import { pythonActing } from "../../../../src/runtime/scripts/python-instructions.ts";

const named = (...names: string[]) => names.map((name) => ({ name, doc: "Does it.", parameters: [] }));
const all = named("read_file", "find", "write_file", "payload", "execute", "read_output", "send_input", "ask_user");

describe("the teaching of the python interface", () => {
  it("says which of the functions that it speaks of are not there", () => {
    const { teaching } = pythonActing(all.filter(({ name }) => name === "read_file" || name === "find"));
    assert.match(teaching, /There is no write_file, payload, execute, read_output, send_input and ask_user here/);
  });

  it("says nothing of it where all are there, or the tools have names of their own", () => {
    assert.doesNotMatch(pythonActing(all).teaching, /There is no/);
    assert.doesNotMatch(pythonActing([...all, ...named("release_notes")]).teaching, /There is no/);
  });

  it("speaks of no other function", () => {
    const { teaching } = pythonActing(all);
    for (const [, name = ""] of teaching.matchAll(/(?<![\w.])([a-z]+_[a-z_]+)\(/g)) {
      assert.ok(all.some((one) => one.name === name) || name.startsWith("test_"), name);
    }
  });
});
