/** write_file: one tool with five modes; each is a pure edit that is shown as a diff before it is written. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import type { FileEdit } from "../../workspace/file-edit.ts";
import { insertion } from "../../workspace/line-edits.ts";
import { commitWrite, planWrite } from "../../workspace/plan-write.ts";
import { defineTool, integer, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";

const input = toolInput({
  path: z.string().describe("File to write, relative to the working directory or absolute."),
  mode: z
    .enum(["w", "a", "edit", "insert", "multi_edit"])
    .optional()
    .describe(
      "w (default): the whole file; a: add at the end; edit: replace lines; insert: add lines; multi_edit: replace several ranges.",
    ),
  content: z
    .string()
    .optional()
    .describe("New text, for every mode but multi_edit. With edit, empty removes the lines."),
  start_line: integer(1).optional().describe("edit: first line to replace."),
  end_line: integer(1).optional().describe("edit: last line to replace, inclusive."),
  after_line: integer(0).optional().describe("insert: line to insert after; 0: at the top."),
  edits: z
    .array(z.strictObject({ start_line: integer(1), end_line: integer(1), content: z.string() }))
    .optional()
    .describe("multi_edit: ranges that do not overlap, all numbered as the file is before the call."),
});

type Input = z.output<typeof input>;
type Field = Exclude<keyof Input, "path" | "mode">;

const fieldsOfMode = {
  w: ["content"],
  a: ["content"],
  edit: ["start_line", "end_line", "content"],
  insert: ["after_line", "content"],
  multi_edit: ["edits"],
} as const satisfies Record<NonNullable<Input["mode"]>, readonly Field[]>;

const report = reporter("write_file");
const refuse = (reason: string) => report.refused(`${reason} No file was changed.`);

export function writeFile(deps: Pick<ToolDeps, "paths" | "files" | "ledger">): Tool {
  return defineTool({
    name: "write_file",
    description:
      "Creates or changes a text file. edit, insert and multi_edit need the file to be read first and unchanged since. To change several places of a file in one reply use multi_edit: an edit at or below lines that an earlier call of the same reply has moved is refused. Line endings are kept.",
    input,
    parallelSafe: false,
    summarize,
    async plan(args) {
      const wanted = toEdit(args);
      if ("problem" in wanted) return refuse(wanted.problem);
      const { edit } = wanted;
      const plan = await planWrite(deps, args.path, edit);
      if (plan.kind === "refused") return refuse(plan.reason);
      if (plan.kind === "same") {
        const output = report.text(`${plan.target.shown} already has exactly this content; nothing was written.`);
        return planned({ kind: "none" }, { kind: "repeat" }, async () => ({ status: "done", output }));
      }
      const { target, change, unread, diff } = plan;
      const { path, beforeHash, afterHash, addedLines, removedLines } = change;
      const access = {
        kind: "write",
        path,
        insideWorkspace: target.insideWorkspace,
        unread,
        change: beforeHash === null ? "create" : "modify",
        diff: diff.diff,
        addedLines,
        removedLines,
      } as const;
      const run = async () => {
        const written = await commitWrite(deps, plan, edit);
        if (written.kind === "failed") return report.failed(`${written.reason} Nothing was written.`);
        const display = { kind: "edit", change, diff: diff.diff, diffTruncated: diff.truncated } as const;
        const output = report.text(`${target.shown}: ${plan.summary}`);
        return { status: "done", output, display, changes: [change] } as const;
      };
      return planned(access, { kind: "edit", path, beforeHash, afterHash }, run, plan.before ? [plan.before] : []);
    },
  });
}

function summarize({ path, mode = "w", start_line, end_line, after_line, edits }: Input): string {
  switch (mode) {
    case "w":
      return `Write ${path}`;
    case "a":
      return `Append to ${path}`;
    case "edit":
      return `Edit ${path}, lines ${start_line ?? "?"}–${end_line ?? "?"}`;
    case "insert":
      return `Insert into ${path} after line ${after_line ?? "?"}`;
    case "multi_edit":
      return `Edit ${path} in ${edits?.length ?? 0} places`;
  }
}

/** The edit that the arguments ask for. Arguments of another mode are refused: ignoring them could overwrite a file. */
function toEdit(args: Input): { edit: FileEdit } | { problem: string } {
  const { mode = "w", content = "", start_line = 0, end_line = 0, after_line = 0, edits = [] } = args;
  const fields: readonly Field[] = fieldsOfMode[mode];
  const all: readonly Field[] = ["content", "start_line", "end_line", "after_line", "edits"];
  const foreign = all.filter((field) => args[field] !== undefined && !fields.includes(field));
  if (foreign.length > 0) {
    const better = Object.entries(fieldsOfMode).find(([, list]) => foreign.every((field) => isOneOf(field, list)));
    const hint = better ? ` Use mode "${better[0]}" for that.` : "";
    return { problem: `mode "${mode}" does not take ${foreign.join(" and ")}.${hint}` };
  }
  const missing = fields.filter((field) => args[field] === undefined);
  if (missing.length > 0) return { problem: `mode "${mode}" needs ${missing.join(" and ")}.` };
  const texts = mode === "multi_edit" ? edits.map((edit) => edit.content) : [content];
  if (texts.some((text) => text.includes("\0") || !text.isWellFormed())) {
    return { problem: "content is not text: it has NUL characters or broken surrogate pairs." };
  }
  switch (mode) {
    case "w":
      return { edit: { kind: "overwrite", content } };
    case "a":
      return content === "" ? { problem: "content is empty." } : { edit: { kind: "append", content } };
    case "edit":
      return { edit: { kind: "lines", edits: [{ startLine: start_line, endLine: end_line, content }] } };
    case "insert":
      if (content === "") return { problem: 'content is empty. "\\n" inserts one empty line.' };
      return { edit: { kind: "lines", edits: [insertion(after_line, content)] } };
    case "multi_edit":
      if (edits.length === 0) return { problem: "edits is empty." };
      return {
        edit: {
          kind: "lines",
          edits: edits.map((edit) => ({ startLine: edit.start_line, endLine: edit.end_line, content: edit.content })),
        },
      };
  }
}

function isOneOf(field: Field, list: readonly Field[]): boolean {
  return list.includes(field);
}
