import assert from "node:assert/strict";
import { hiddenCommand, offRecordCommand, TypedLines } from "../../../src/terminals/typed-lines.ts";

/** A shell at its prompt, in which `text` is typed and shown. */
function typed(lines: TypedLines, by: "agent" | "person", text: string, shown = text): void {
  lines.wrote(by, text, true);
  lines.shown(shown.replace(/\r/g, "\r\n"), true);
}

describe("typed lines", () => {
  let lines: TypedLines;
  beforeEach(() => {
    lines = new TypedLines();
    lines.prompted();
  });

  it("are of whoever typed them", () => {
    typed(lines, "person", "ls\r");
    assert.deepEqual(lines.began("ls"), { by: "person", command: "ls", tell: "all" });
    lines.prompted();
    typed(lines, "agent", "ls\r");
    assert.deepEqual(lines.began("ls"), { by: "agent", command: "ls", tell: "all" });
  });

  it("of the agent stay so when the person types meanwhile", () => {
    lines.wrote("agent", "sleep 1\necho two\n", true);
    assert.equal(lines.began("sleep 1").by, "agent");
    lines.wrote("person", "ls\r", false);
    lines.shown("ls\r\n", false);
    lines.prompted();
    assert.equal(lines.began("echo two").by, "agent");
    lines.prompted();
    assert.deepEqual(lines.began("ls"), { by: "person", command: "ls", tell: "all" });
  });

  it("that a program took as its input are not waited for", () => {
    lines.wrote("agent", "y\n", false);
    lines.prompted();
    typed(lines, "person", "y\r");
    assert.equal(lines.began("y").by, "person");
  });

  it("are of whoever presses Enter where both have typed", () => {
    typed(lines, "agent", "rm ");
    typed(lines, "person", "x\r");
    assert.equal(lines.began("rm x").by, "person");
    lines.prompted();
    typed(lines, "person", "make");
    typed(lines, "agent", "\n");
    assert.equal(lines.began("make").by, "agent");
  });

  it("that begin with a blank are off the record, whether the shell knows them or not", () => {
    typed(lines, "person", " secret\r");
    assert.deepEqual(lines.began(" secret"), { by: "person", command: offRecordCommand, tell: "nothing" });
    lines.prompted();
    typed(lines, "person", " secret\r");
    assert.equal(lines.began("").tell, "nothing");
  });

  it("that the shell does not know are read from the screen, with what was corrected", () => {
    typed(lines, "person", "lx\u007fs\r", "lx\b \bs\r");
    assert.deepEqual(lines.began(""), { by: "person", command: "ls", tell: "all" });
  });

  it("typed where nothing is shown keep their words", () => {
    lines.wrote("person", "hunter2\r", true);
    lines.shown("\r\n", true);
    assert.deepEqual(lines.began("hunter2"), { by: "person", command: hiddenCommand, tell: "end" });
    // A program asked for a password and ended before it took the line; the shell takes and shows it.
    lines.wrote("person", "hunter", false);
    lines.wrote("person", "2\r", false);
    lines.shown("Sorry.\r\n", false);
    lines.prompted();
    lines.shown("hunter2\r\n", true);
    assert.equal(lines.began("hunter2").command, hiddenCommand);
    lines.prompted();
    typed(lines, "person", "ls\r");
    assert.equal(lines.began("ls").command, "ls");
  });

  it("typed ahead and shown are told", () => {
    lines.wrote("person", "l", false);
    lines.shown("l", false);
    lines.wrote("person", "s\r", false);
    lines.shown("s\r\n", false);
    lines.prompted();
    lines.shown("ls\r\n", true);
    assert.equal(lines.began("ls").command, "ls");
  });

  it("are told from output", () => {
    assert.equal(lines.shown("a job says something", true), false);
    lines.wrote("person", "l", true);
    assert.equal(lines.shown("l", true), true);
    lines.prompted();
    assert.equal(lines.shown("a job says something", true), false);
    assert.equal(lines.shown("output", false), false);
  });
});
