/** Every state a tool card can be in, and every kind of card. */
import { FOLDER, type Scene } from "../stage.ts";
import { cartDiff, edit, failedOutput, newFileDiff, ran, read } from "./material.ts";

const longOutput = Array.from(
  { length: 60 },
  (_, line) => `[${String(line).padStart(3, "0")}] compiled src/module-${line}.ts`,
).join("\n");

export const tools: Scene = {
  before: (script) => {
    script
      .turn("Show me every kind of card")
      .tool(
        "read_file",
        { path: "src/cart.ts", start_line: 10 },
        "Read src/cart.ts:10-30",
        read("src/cart.ts", 30, 412, 10),
      )
      .tool("find", { pattern: "percent|coupon" }, "Find /percent|coupon/ in src, test, docs/very/long/folder/name", {
        kind: "search",
        pattern: "percent|coupon",
        matches: 50,
        truncated: true,
      })
      .tool(
        "write_file",
        { path: "src/coupon.ts" },
        "Write src/coupon.ts",
        edit("src/coupon.ts", newFileDiff, 9, 0),
        31,
      )
      .tool("write_file", { path: "src/cart.ts" }, "Edit src/cart.ts", edit("src/cart.ts", cartDiff, 7, 3), 44)
      .tool("execute", { command: "npm run build" }, "$ npm run build", ran("npm run build", longOutput), 12_400)
      .tool("execute", { command: "npm test" }, "$ npm test", ran("npm test", failedOutput, 1), 1_840)
      .tool(
        "execute",
        { command: "npm run dev", session_id: "server", new_terminal: true },
        "$ npm run dev",
        { ...ran("npm run dev", "listening on http://127.0.0.1:5173", null), terminal: "server" } as never,
        10_000,
      )
      .tool("send_input", { session_id: "server", text: "q\n" }, 'Type "q\\n" into server', {
        kind: "text",
        text: "The server has ended.",
      });
    const failed = script.request("write_file", { path: "src/cart.ts", mode: "edit" }, "Edit src/cart.ts");
    script.response().start(failed);
    script.finish(
      failed,
      "failed",
      undefined,
      "[write_file] ERROR: src/cart.ts has changed since it was read (lines 12–14 differ). Read it again, then repeat the edit.",
      12,
    );
    const denied = script.request("execute", { command: "rm -rf dist" }, "$ rm -rf dist");
    script.response();
    const permissionId = script.ask(
      denied,
      "execute",
      "$ rm -rf dist",
      { kind: "execute", command: "rm -rf dist", cwd: FOLDER, terminal: "main" },
      "rm -rf dist",
      "every command asks until it is allowed",
    );
    script.add({
      type: "permission.answered",
      permissionId,
      answer: { decision: "denied", scope: "once", by: "person", note: "The build does that itself." },
    });
    script.finish(denied, "denied", undefined, "The person refused: The build does that itself.", 0);
    const stopped = script.request("execute", { command: "npm run bench" }, "$ npm run bench");
    script.response().start(stopped);
    script.finish(stopped, "cancelled", ran("npm run bench", "warming up…\n", 130), "Stopped by the person.", 4_200);
    const lost = script.request("execute", { command: "npm run migrate" }, "$ npm run migrate");
    script.response().start(lost);
    script.finish(lost, "interrupted", undefined, "The session ended while this ran; its effect is not known.", 0);
    script.add({
      type: "notice.raised",
      level: "warning",
      code: "agents-file",
      message: "AGENTS.md has 64 kB; only its first 32 kB were read.",
      next: "Shorten it, or move details into files that it names.",
    });
    const running = script.request("execute", { command: "npm run e2e" }, "$ npm run e2e");
    const asking = script.request("execute", { command: "git push" }, "$ git push");
    script.request("read_file", { path: "src/receipt.ts" }, "Read src/receipt.ts");
    script.response().start(running);
    script.at = Date.now() - 7_000;
    script.add({
      type: "tool.output",
      callId: running,
      chunk: "\u001b[32m✔\u001b[0m opens the shop\r\n\u001b[32m✔\u001b[0m adds an article\r\n",
    });
    script.ask(
      asking,
      "execute",
      "$ git push",
      { kind: "execute", command: "git push", cwd: FOLDER, terminal: "main" },
      "git push",
      "every command asks until it is allowed",
    );
  },
};
