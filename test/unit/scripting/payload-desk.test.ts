import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { PayloadDesk } from "../../../src/scripting/payload-desk.ts";
import { assertGolden } from "../../support/golden.ts";

const resolvePath = (path: string) => posix.resolve("/work space", path);

/** Payloads with these names; the content of each is its name and place. */
function deskOf(...filenames: string[]): PayloadDesk {
  const payloads = filenames.map((filename, at) => ({ filename, content: `${filename}#${at}`, index: at + 1 }));
  return new PayloadDesk(payloads, resolvePath);
}

function refusal(desk: PayloadDesk, path: string, count = 1): string {
  const before = desk.unused();
  const taken = desk.take(path, count);
  assert.deepEqual(desk.unused(), before);
  return taken.kind === "refused" ? taken.message : assert.fail(`${path} was found`);
}

describe("payload desk", () => {
  it("gives each call the next payload of its path, in whatever order the paths are asked for", () => {
    const desk = deskOf("a", "b", "a");
    assert.deepEqual(desk.take("b", 1), { kind: "taken", contents: ["b#1"] });
    assert.deepEqual(desk.take("a", 1), { kind: "taken", contents: ["a#0"] });
    assert.deepEqual(desk.unused(), [{ index: 3, filename: "a" }]);
    assert.deepEqual(desk.take("a", 1), { kind: "taken", contents: ["a#2"] });
    assert.equal(desk.surplusMessage(), null);
    assert.match(refusal(desk, "a"), /2 went to earlier calls/);
  });

  it("gives several at once, or none", () => {
    const desk = deskOf("a", "a", "b");
    assert.match(refusal(desk, "a", 3), /Payload count mismatch: .* needs 3 payloads .*, and 2 are left/);
    assert.deepEqual(desk.take("a", 2), { kind: "taken", contents: ["a#0", "a#1"] });
    assert.deepEqual(desk.take("b", 0), { kind: "taken", contents: [] });
  });

  it("knows a path however it is written", () => {
    for (const path of [
      "src/a.py",
      "./src/a.py",
      "src\\a.py",
      "src//a.py",
      "src/./a.py",
      "x/../src/a.py",
      "/work space/src/a.py",
    ]) {
      for (const filename of ["src/a.py", ".\\src\\\\a.py", "/work space//src/a.py"]) {
        assert.equal(deskOf(filename).take(path, 1).kind, "taken", `${filename} for ${path}`);
      }
    }
    assert.equal(deskOf("a.py").take("src/a.py", 1).kind, "refused");
    assert.equal(deskOf("A.py").take("a.py", 1).kind, "refused");
  });

  it("takes payloads that the program made, after those of the reply", () => {
    const desk = deskOf("a");
    desk.add("./a", "made");
    desk.add("b", "");
    assert.deepEqual(desk.take("a", 2), { kind: "taken", contents: ["a#0", "made"] });
    assert.deepEqual(desk.unused(), [{ index: null, filename: "b" }]);
    assert.match(desk.surplusMessage() ?? "", /1 of 3 payloads was not used: payload 3 "b"/);
  });

  it("hands out each payload once, in order, and never a part of what was asked", () => {
    const name = fc.constantFrom("a", "./a", "b", "dir/c");
    fc.assert(
      fc.property(fc.array(name), fc.array(fc.tuple(name, fc.nat(3))), (filenames, calls) => {
        const desk = deskOf(...filenames);
        const left = filenames.map((filename, at) => ({ key: resolvePath(filename), content: `${filename}#${at}` }));
        for (const [path, count] of calls) {
          const mine = left.filter(({ key }) => key === resolvePath(path)).slice(0, count);
          const taken = desk.take(path, count);
          if (mine.length < count) {
            assert.equal(taken.kind, "refused");
            continue;
          }
          const contents = mine.map(({ content }) => content);
          assert.deepEqual(taken, { kind: "taken", contents });
          for (const one of mine) left.splice(left.indexOf(one), 1);
        }
        assert.equal(desk.unused().length, left.length);
      }),
    );
  });

  it("explains what is missing in the same words", () => {
    const used = deskOf("a.py");
    used.take("a.py", 1);
    const texts = {
      "no payload at all": refusal(deskOf(), "src/main.py"),
      "used up": refusal(used, "a.py"),
      "a slip": refusal(deskOf("src/mian.py", "README.md"), "src/main.py"),
      "another folder": refusal(deskOf("x.py", "main.py"), "src/deep/main.py"),
      "the only one": refusal(deskOf("notes.txt"), "my file.py"),
      "a name with quotes": refusal(deskOf(), 'the "new" one.py'),
      "nothing like it": refusal(deskOf("alpha.txt", "beta.txt"), "src/main.py"),
      "too few ranges": refusal(deskOf("a.py", "b.py"), "a.py", 3),
      "no payload for several ranges": refusal(deskOf("b.py"), "a.py", 2),
      "one left over": deskOf("a.py").surplusMessage(),
      "many left over": deskOf(...Array.from({ length: 12 }, (_, at) => `${at}.py`)).surplusMessage(),
    };
    const parts = Object.entries(texts).map(([name, text]) => `# ${name}\n${text}\n`);
    assertGolden("test/golden/scripting/payloads.golden.txt", parts.join("\n"));
  });

  it("serves a hundred thousand payloads, and paths of any length", () => {
    const desk = deskOf(...Array.from({ length: 100_000 }, (_, at) => `${at % 1_000}.txt`));
    for (let at = 0; at < 100_000; at += 1) assert.equal(desk.take(`${at % 1_000}.txt`, 1).kind, "taken");
    assert.ok(refusal(deskOf("x".repeat(1_000_000)), "y/".repeat(500_000)).length < 3_000);
  });
});
