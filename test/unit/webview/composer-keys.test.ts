import assert from "node:assert/strict";
import { type ComposerAction, composerAction } from "../../../webview-ui/src/logic/composer-keys.ts";

const press = (key: string, change: object = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 0,
  ...change,
});
const idle = { running: false, canSend: true, empty: false, hasHistory: true };
const running = { ...idle, running: true };
const blank = { ...idle, canSend: false, empty: true };

const table: [string, ReturnType<typeof press>, typeof idle, ComposerAction][] = [
  ["Enter sends", press("Enter"), idle, "send"],
  ["Ctrl+Enter sends too", press("Enter", { ctrlKey: true }), idle, "send"],
  ["Shift+Enter is a new line", press("Enter", { shiftKey: true }), idle, "type"],
  ["Enter with nothing to send does nothing", press("Enter"), blank, "nothing"],
  ["Enter steers while it runs", press("Enter"), running, "steer"],
  ["Ctrl+Enter queues while it runs", press("Enter", { ctrlKey: true }), running, "queue"],
  ["Cmd+Enter queues while it runs", press("Enter", { metaKey: true }), running, "queue"],
  ["Enter of an input method", press("Enter", { isComposing: true }), idle, "type"],
  ["Enter of an input method in Safari", press("Enter", { keyCode: 229 }), running, "type"],
  ["Escape of an input method", press("Escape", { isComposing: true }), running, "type"],
  ["Escape stops", press("Escape"), running, "stop"],
  ["Escape is left alone when idle", press("Escape"), idle, "type"],
  ["Up recalls in an empty composer", press("ArrowUp"), blank, "recall"],
  ["Up moves in a text", press("ArrowUp"), idle, "type"],
  ["Shift+Up selects", press("ArrowUp", { shiftKey: true }), blank, "type"],
  ["Up without a past", press("ArrowUp"), { ...blank, hasHistory: false }, "type"],
  ["letters", press("a"), idle, "type"],
];

describe("composer keys", () => {
  for (const [name, key, situation, action] of table) {
    it(name, () => assert.equal(composerAction(key, situation), action));
  }
});
