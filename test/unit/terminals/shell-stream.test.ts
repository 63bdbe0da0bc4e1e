import assert from "node:assert/strict";
import { ShellStream } from "../../../src/terminals/shell-stream.ts";

const key = "0123456789abcdef01234567";

function streamed() {
  const events: string[] = [];
  const stream = new ShellStream(key, null, {
    display: () => undefined,
    output: () => undefined,
    began: (number) => events.push(`began ${number}`),
    typed: (number) => events.push(`typed ${number}`),
    notTaken: () => events.push("not taken"),
    ended: (number, exitCode) => events.push(`ended ${number}: ${exitCode}`),
    ready: () => events.push("ready"),
    lineFeedsRestored: () => undefined,
    unmarked: () => undefined,
  });
  return { events, push: (marker: string) => stream.push(`\x1b]633;${marker.replace("KEY", key)}\x07`) };
}

describe("the stream of a shell", () => {
  it("tells the end of a command at the prompt when Ctrl-C has taken the end itself away, and only once", () => {
    for (const lost of [true, false]) {
      const { events, push } = streamed();
      push("C;cp=KEY.3;ls");
      if (!lost) push("D;cp=KEY.3;130;/");
      push("A;cp=KEY.3;130");
      push("B;cp=KEY.0;");
      push("A;cp=KEY.3;130");
      push("B;cp=KEY.0;");
      assert.deepEqual(events, ["typed 3", "ended 3: 130", "ready", "ready"]);
    }
  });

  it("takes the prompt of the command before, which a program prints, for output", () => {
    const { events, push } = streamed();
    push("C;cp=KEY.4;ls");
    push("A;cp=KEY.3;0");
    push("B;cp=KEY.0;");
    assert.deepEqual(events, ["typed 4"]);
  });
});
