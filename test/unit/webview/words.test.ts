import assert from "node:assert/strict";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { announcementFor } from "../../../webview-ui/src/logic/announce.ts";
import {
  formatDuration,
  formatRunning,
  formatTokens,
  formatWhen,
  shortPath,
} from "../../../webview-ui/src/logic/format.ts";
import { imageProblem } from "../../../webview-ui/src/logic/images.ts";
import { linkKind } from "../../../webview-ui/src/logic/links.ts";

describe("format", () => {
  it("writes durations", () => {
    const cases: [number, string][] = [
      [0, "0.0 s"],
      [820, "0.8 s"],
      [9_949, "9.9 s"],
      [9_990, "10 s"],
      [59_600, "1 min 00 s"],
      [125_000, "2 min 05 s"],
      [3_780_000, "1 h 03 min"],
      [-5, "0.0 s"],
    ];
    for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
    assert.equal(formatRunning(3_900), "3 s");
  });

  it("writes token counts", () => {
    const cases: [number, string][] = [
      [0, "0"],
      [999, "999"],
      [1_234, "1.2k"],
      [9_960, "10k"],
      [456_000, "456k"],
      [999_700, "1.0M"],
    ];
    for (const [count, text] of cases) assert.equal(formatTokens(count), text);
  });

  it("writes times and paths", () => {
    assert.equal(formatWhen(0, 30_000), "just now");
    assert.equal(formatWhen(0, 7_200_000), "2 h ago");
    assert.equal(shortPath("/w/src/a.ts", ["/w"]), "src/a.ts");
    assert.equal(shortPath("/www/a.ts", ["/w"]), "/www/a.ts");
    assert.equal(shortPath("C:\\w\\a.ts", ["C:\\w"]), "a.ts");
  });
});

describe("links of a model", () => {
  const open = [
    "https://example.com",
    "http://127.0.0.1:80",
    "mailto:a@b.c",
    "src/a.ts",
    "src/a.ts:12",
    "a.ts:12",
    "file:///w/a",
    "C:\\w\\a.ts",
    "../x",
  ];
  const inert = [
    "command:workbench.action.quit",
    "COMMAND:x",
    " command:x",
    "com\nmand:x",
    "javascript:alert(1)",
    "data:text/html,x",
    "vscode://x",
    "vscode-webview:x",
    "#top",
    "//evil.example/x",
    "",
  ];
  for (const href of open) it(`hands over ${href}`, () => assert.equal(linkKind(href), "open"));
  for (const href of inert) it(`does nothing for ${JSON.stringify(href)}`, () => assert.equal(linkKind(href), "inert"));
});

describe("images", () => {
  it("are checked for type, size and number", () => {
    const png = { name: "a.png", type: "image/png", size: 1_000 };
    assert.equal(imageProblem(png, 0), null);
    assert.match(imageProblem({ ...png, type: "image/svg+xml" }, 0) ?? "", /PNG, JPEG, GIF or WebP/);
    assert.match(imageProblem({ ...png, size: 6_000_000 }, 0) ?? "", /5\.7 MB; images may have 5 MB/);
    assert.match(imageProblem(png, 10) ?? "", /Only 10/);
  });
});

describe("announcements", () => {
  const event = (fields: object) => ({ v: 1, seq: 1, at: 1, sessionId: "s", ...fields }) as AgentEvent;

  it("are summaries, never deltas", () => {
    assert.equal(announcementFor([event({ type: "text.delta", itemId: "i", delta: "x" })]), null);
    assert.equal(announcementFor([event({ type: "tool.output", callId: "c", chunk: "x" })]), null);
    const long = event({
      type: "item.finished",
      item: { kind: "assistant_message", id: "i", text: "x".repeat(5_000) },
    });
    assert.ok((announcementFor([long]) ?? "").length < 400);
  });

  it("tell what needs the person and how it ended", () => {
    const request = { title: "$ npm test" };
    assert.equal(announcementFor([event({ type: "permission.asked", request })]), "Permission needed: $ npm test.");
    const failed = event({
      type: "turn.finished",
      reason: "failed",
      durationMs: 1,
      error: { message: "No key", next: "Set one." },
    });
    assert.equal(announcementFor([failed]), "The turn ended: No key. Set one.");
  });
});
