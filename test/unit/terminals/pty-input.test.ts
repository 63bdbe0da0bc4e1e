import assert from "node:assert/strict";
import fc from "fast-check";
import { PtyInput } from "../../../src/node/pty/pty-input.ts";
import { eventually, testTerminals } from "../../support/terminals.ts";

const full = Object.assign(new Error("try again"), { code: "EAGAIN" });

/** A terminal that takes so many bytes at a time; what it has got, and how often it was tried. */
function terminalThatTakes(next: () => number) {
  const terminal = { got: "", tries: 0, open: true };
  const input = new PtyInput({
    descriptor: 99,
    isOpen: () => terminal.open,
    write(_, bytes, offset, done) {
      terminal.tries += 1;
      const count = Math.min(next(), bytes.length - offset);
      setImmediate(() => {
        if (count === 0) return done(full, 0);
        terminal.got += bytes.toString("latin1", offset, offset + count);
        done(null, count);
      });
    },
  });
  return { terminal, input };
}

describe("what is typed into a terminal", function () {
  this.timeout(60_000);

  it("arrives whole and in order, in whichever pieces it is taken", async () => {
    const pieces = fc.array(fc.string({ minLength: 1, maxLength: 50, unit: "grapheme" }), { minLength: 1 });
    const taken = fc.infiniteStream(fc.integer({ min: 0, max: 9 }).map((count) => (count < 2 ? 0 : count)));
    await fc.assert(
      fc.asyncProperty(pieces, taken, async (texts, counts) => {
        const { terminal, input } = terminalThatTakes(() => counts.next().value as number);
        for (const text of texts) input.write(text);
        const whole = Buffer.from(texts.join("")).toString("latin1");
        await eventually("all of it", () => terminal.got.length >= whole.length);
        assert.equal(terminal.got, whole);
      }),
      { numRuns: 20 },
    );
  });

  it("is tried again now and then while nobody reads, not all the time", async () => {
    let reads = false;
    const { terminal, input } = terminalThatTakes(() => (reads ? 100 : 0));
    input.write("hello");
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.ok(terminal.tries > 1 && terminal.tries < 40, `${terminal.tries} tries`);
    reads = true;
    await eventually("it is read", () => terminal.got === "hello");
  });

  it("is lost beyond 4 MB that nobody has read, and when the terminal has ended", async () => {
    let reads = false;
    const { terminal, input } = terminalThatTakes(() => (reads ? 1e9 : 0));
    const megabyte = "x".repeat(1_048_576);
    for (let count = 0; count < 8; count++) input.write(megabyte);
    reads = true;
    await eventually("what was kept is read", () => terminal.got.length === 4 * megabyte.length);
    input.write("after");
    await eventually("what comes then is taken", () => terminal.got.endsWith("after"));
    reads = false;
    input.write("never");
    terminal.open = false;
    reads = true;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(terminal.got.endsWith("after"));
  });

  it("is a megabyte for a program that reads it slowly", async () => {
    const t = await testTerminals();
    try {
      const slow =
        "import sys, time, hashlib; n = 0; h = hashlib.sha1()\n" +
        "while n < 1000000:\n d = sys.stdin.buffer.raw.read(50000); n += len(d); h.update(d); time.sleep(0.001)\n" +
        "print(n, h.hexdigest())";
      const running = await t.command(`stty raw -echo; python3 -c '${slow}'; stty sane`, { timeoutMs: 1_000 });
      assert.equal(running.status, "running");
      await t.write("0123456789".repeat(100_000), 0);
      const read = await t.read(30_000);
      assert.ok(read.kind === "read" && read.command?.status === "completed", JSON.stringify(read));
      assert.match(read.output.text, /1000000 7d24706d7228d63fde8291ceb345fa0c51f38aa4/);
    } finally {
      await t.close();
    }
  });
});
