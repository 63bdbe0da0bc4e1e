import assert from "node:assert/strict";
import fc from "fast-check";
import { endOfRuns, outputRuns, plainOutput, trimmedRuns } from "../../../webview-ui/src/logic/plain-output.ts";
import { restyled, type TextStyle } from "../../../webview-ui/src/logic/text-style.ts";

/** What is set, by name. */
function set(style: TextStyle | null): Partial<TextStyle> {
  return Object.fromEntries(Object.entries(style ?? {}).filter(([, value]) => value));
}

describe("the style of terminal output", () => {
  for (const [parameters, style] of [
    ["1;31", { bold: true, color: "var(--vscode-terminal-ansiRed)" }],
    ["97;44", { color: "var(--vscode-terminal-ansiBrightWhite)", background: "var(--vscode-terminal-ansiBlue)" }],
    ["103", { background: "var(--vscode-terminal-ansiBrightYellow)" }],
    ["38;5;1", { color: "var(--vscode-terminal-ansiRed)" }],
    ["38;5;9;4", { color: "var(--vscode-terminal-ansiBrightRed)", underline: true }],
    ["48;5;208;3", { background: "rgb(255 135 0)", italic: true }],
    ["38;5;244", { color: "rgb(128 128 128)" }],
    ["38;2;1;2;300;9", { color: "rgb(1 2 255)", struck: true }],
    ["38:2::1:2:3;1", { color: "rgb(1 2 3)", bold: true }],
    ["38:2:1:2:3", { color: "rgb(1 2 3)" }],
    ["38:5:196", { color: "rgb(255 0 0)" }],
    ["7", { inverse: true }],
    ["4:3", { underline: true }],
    ["4:0", {}],
    ["", {}],
    ["1;", {}],
    ["31;39", {}],
    ["38", {}],
    ["38;5", { color: "var(--vscode-terminal-ansiBlack)" }],
    ["38;9;1", { bold: true }],
    ["2;5;6;8;53;999", {}],
  ] as const) {
    it(`is known of ${JSON.stringify(parameters)}`, () => assert.deepEqual(set(restyled(null, parameters)), style));
  }

  it("is taken back one by one, and all at once", () => {
    let style = restyled(null, "1;3;4;7;9;31;42");
    style = restyled(style, "22;24");
    assert.deepEqual(Object.keys(set(style)).sort(), ["background", "color", "inverse", "italic", "struck"]);
    style = restyled(style, "23;27;29;39");
    assert.deepEqual(set(style), { background: "var(--vscode-terminal-ansiGreen)" });
    assert.equal(restyled(style, "49"), null);
    assert.equal(restyled(style, "0"), null);
  });

  it("is of the characters that were printed in it, and of nothing else", () => {
    const red = restyled(null, "31");
    const runs = outputRuns("a\u001b[31mb\r\nc\u001b[mde\r\n\u001b[31m10%\r\u001b[0m20%\n");
    assert.deepEqual(runs, [
      { text: "a", style: null },
      { text: "b", style: red },
      { text: "\n", style: null },
      { text: "c", style: red },
      { text: "de\n20%\n", style: null },
    ]);
    assert.deepEqual(trimmedRuns(runs).at(-1), { text: "de\n20%", style: null });
    assert.deepEqual(endOfRuns(runs, 8), [
      { text: "c", style: red },
      { text: "de\n20%\n", style: null },
    ]);
    assert.deepEqual(endOfRuns(runs, 3), [{ text: "0%\n", style: null }]);
  });

  it("never changes the text, whatever it is made of", () => {
    const piece = fc.constantFrom(
      "a",
      "é",
      "\n",
      "\r\n",
      "\r",
      "\b",
      "\u001b[31m",
      "\u001b[0m",
      "\u001b[2K",
      "\u001b[A",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(80), (pieces, chars) => {
        const raw = pieces.join("");
        const runs = outputRuns(raw);
        const text = runs.map((run) => run.text).join("");
        assert.equal(text, plainOutput(raw.replaceAll("\u001b[31m", "").replaceAll("\u001b[0m", "")));
        const end = endOfRuns(runs, chars);
        assert.equal(end.map((run) => run.text).join(""), chars === 0 ? "" : text.slice(-chars));
        assert.equal(
          trimmedRuns(runs)
            .map((run) => run.text)
            .join(""),
          text.trimEnd(),
        );
        for (const [index, run] of runs.entries()) assert.notEqual(run.style, runs[index + 1]?.style ?? undefined);
      }),
    );
  });
});
