/** More than anybody reads, in each place that can hold it, as if the host had cut nothing. */
import type { Scene } from "../stage.ts";
import { edit, ran, read } from "./material.ts";

const lines = (count: number, width: number): string =>
  Array.from({ length: count }, (_, n) => `${n} ${"lorem ipsum ".repeat(Math.ceil(width / 12))}`.slice(0, width)).join(
    "\n",
  );

const longDiff = [
  "--- a/src/generated.ts",
  "+++ b/src/generated.ts",
  "@@ -1,2500 +1,2500 @@",
  ...Array.from({ length: 2_500 }, (_, n) => [`-  before(${n});`, `+  after(${n}, "changed");`]).flat(),
].join("\n");

const minified = `--- a/app.min.js\n+++ b/app.min.js\n@@ -1,1 +1,1 @@\n-${"a();".repeat(30_000)}\n+${"b();".repeat(30_000)}\n`;

export const floods: Scene = {
  before: (script) => {
    script.turn(`Look at this log:\n${lines(10_000, 100)}`);
    const message = "The same thing has happened again. ".repeat(200);
    for (let n = 0; n < 300; n += 1) script.add({ type: "notice.raised", level: "info", code: "flood", message }, 0);
    script.add({ type: "notice.raised", level: "warning", code: "flood", message: message.repeat(150) });
    script.tool("list", { path: "." }, "List everything", { kind: "text", text: lines(10_000, 100) });
    script.tool("list", { path: "." }, "List in one line", { kind: "text", text: "word ".repeat(200_000) });
    script.tool("execute", { command: "yes" }, "$ cat huge.log", ran("cat huge.log", lines(10_000, 100)));
    script.tool("execute", { command: "x" }, "$ write", ran(`cat > x <<'EOF'\n${lines(5_000, 80)}\nEOF`, "ok"));
    script.tool(
      "write_file",
      { content: lines(10_000, 100) },
      "Edit src/generated.ts",
      edit("src/generated.ts", longDiff, 2_500, 2_500),
    );
    script.tool("write_file", { path: "app.min.js" }, "Edit app.min.js", edit("app.min.js", minified, 1, 1));
    for (let n = 0; n < 40; n += 1) script.tool("read_file", { path: `${n}` }, `Read ${n}`, read(`src/${n}.ts`, 10));
    script.says(`One paragraph without end: ${"words and *more* words, ".repeat(8_000)}`);
    script.says("That was much.").response().end();
  },
};
