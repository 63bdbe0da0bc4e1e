/** The command line: every option is read, and what this version can not do is refused by name. */
import assert from "node:assert/strict";
import { AppError, type AppErrorCode } from "../../../src/base/app-error.ts";
import { readExecOptions } from "../../../src/cli/exec-options.ts";

const refuses = (raw: object, code: AppErrorCode, text: RegExp, words: string[] = ["go"]) =>
  assert.throws(
    () => readExecOptions(words, raw),
    (error) => AppError.is(error, code) && text.test((error as Error).message),
  );

describe("exec options", () => {
  it("have safe defaults", () => {
    const request = readExecOptions(["fix", "it"], {});
    assert.equal(request.task, "fix it");
    assert.equal(request.approval, "untrusted");
    assert.equal(request.yes, false);
    assert.equal(request.store, "file");
    assert.equal(request.resume, undefined);
  });

  it("name the interface, or leave it to the agent file", () => {
    assert.equal(readExecOptions(["go"], { interface: "python" }).interface, "python");
    assert.equal(readExecOptions(["go"], { interface: "tools" }).interface, "tools");
    assert.equal(readExecOptions(["go"], {}).interface, undefined);
  });

  it("name what is not there yet", () => {
    refuses({ interface: "javascript" }, "not-yet", /--interface javascript: not yet/);
    refuses({ dialect: "codex" }, "not-yet", /--dialect codex/);
    refuses({ sandbox: "read-only" }, "not-yet", /--sandbox/);
    refuses({ fork: "ses_1" }, "not-yet", /--fork/);
    refuses({ store: "sqlite:/tmp/x.db" }, "not-yet", /--store sqlite/);
    refuses({ store: "postgres://localhost/x" }, "not-yet", /--store postgres/);
  });

  it("refuse wrong values with what is possible", () => {
    refuses({ interface: "telepathy" }, "usage", /tools, python, javascript/);
    refuses({ approval: "always" }, "usage", /untrusted, on-request, on-failure, never/);
    refuses({ maxSteps: "0" }, "usage", /from 1/);
    refuses({ maxSteps: "many" }, "usage", /many/);
    refuses({ baseUrl: "not a url" }, "usage", /URL/);
    refuses({ store: "redis" }, "usage", /memory, file/);
    refuses({ session: "a", resume: "b" }, "usage", /--session/);
  });

  it("tell an id from the first word of a task after --resume", () => {
    assert.deepEqual(readExecOptions([], { resume: true }).resume, { kind: "newest" });
    assert.deepEqual(readExecOptions([], { resume: "ses_1" }).resume, { kind: "id", id: "ses_1" });
    const withTask = readExecOptions(["then", "test"], { resume: "ses_1" });
    assert.equal(withTask.task, "then test");
    const quoted = readExecOptions([], { resume: "go on with it" });
    assert.deepEqual([quoted.resume, quoted.task], [{ kind: "newest" }, "go on with it"]);
  });
});
