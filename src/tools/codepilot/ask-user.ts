/** ask_user: a question to the person, answered through the session's record. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, planned, reporter, toolInput } from "../define-tool.ts";

const input = toolInput({
  question: z.string().min(1).describe("The question, complete in itself."),
  choices: z
    .array(z.string().min(1))
    .max(8)
    .optional()
    .describe("Answers to choose from; the person may also write another."),
});

const report = reporter("ask_user");

export function askUser(): Tool {
  return defineTool({
    name: "ask_user",
    description:
      "Asks the person and waits for the answer. Only for what you can neither find out nor reasonably assume.",
    input,
    parallelSafe: false,
    summarize: ({ question }) => `Ask: ${question}`,
    async plan({ question, choices }) {
      return planned({ kind: "none" }, { kind: "repeat" }, async ({ questions, signal }) => {
        const answer = await questions.ask({ text: question, ...(choices?.length ? { choices } : {}) }, signal);
        if (answer.kind === "answered") {
          return { status: "done", output: report.text(`Answer: ${answer.text === "" ? "(empty)" : answer.text}`) };
        }
        if (signal.aborted) return { status: "cancelled", output: report.text("Stopped before there was an answer.") };
        return report.failed(
          "Nobody answered. Go on with the most careful assumption and name it in your final answer, or end if you can not.",
        );
      });
    },
  });
}
