/** read_file: numbered lines of a text file, or an image. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { readForModel } from "../../workspace/read-file.ts";
import { defineTool, integer, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";

const input = toolInput({
  path: z.string().describe("File to read, relative to the working directory or absolute."),
  start_line: integer(1).optional().describe("First line, from 1. Default: 1."),
  end_line: integer(1).optional().describe("Last line, inclusive. Default: up to 2,000 lines or 60,000 characters."),
});

const report = reporter("read_file");

export function readFile({ paths, files, ledger }: Pick<ToolDeps, "paths" | "files" | "ledger">): Tool {
  return defineTool({
    name: "read_file",
    description:
      "Reads a text file as numbered lines, or shows an image (png, jpg, gif, webp). Read a file before you edit it by line numbers.",
    input,
    parallelSafe: true,
    summarize: ({ path, start_line, end_line }) => {
      if (start_line === undefined && end_line === undefined) return `Read ${path}`;
      return `Read ${path}, lines ${start_line ?? 1}–${end_line ?? "…"}`;
    },
    async plan({ path, start_line: startLine = 1, end_line: endLine = null }) {
      if (endLine !== null && endLine < startLine) {
        return report.refused(`end_line ${endLine} is before start_line ${startLine}.`);
      }
      const target = await paths.resolve(path);
      if (target.kind === "invalid") return report.refused(target.message);
      // What is there is looked at only in `run`: even whether a file exists is a reading outside the workspace.
      const access = { kind: "read", path: target.path, insideWorkspace: target.insideWorkspace } as const;
      return planned(access, { kind: "repeat" }, async () => {
        // Looked at together: what was read is shown only when the path led there all the time.
        const [read, isStill] = await Promise.all([
          readForModel(files, target, { startLine, endLine }),
          paths.isStill(target.path),
        ]);
        if (!isStill) return report.failed(`${path} leads elsewhere by now. Read it again.`);
        if (read.kind === "refused") return report.failed(read.output);
        const output = report.text(read.output);
        if (read.kind === "image") {
          const display = { kind: "text", text: read.output } as const;
          return { status: "done", output, images: [read.image], display };
        }
        ledger.recordRead(target.path, read, read.whole);
        const { startLine: first, endLine: last, totalLines, hash } = read;
        const display = { kind: "read", path: target.path, startLine: first, endLine: last, totalLines, hash } as const;
        return { status: "done", output, display };
      });
    },
  });
}
