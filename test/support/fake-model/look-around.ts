/** A script for a developer's window: a turn with a read, a command and an answer, over and over. */
import type { FakeScript } from "./server.ts";

/** Where the turn stands is told by the results that came after the person's last words. */
export const script: FakeScript = ({ body }) => {
  const input: readonly { role?: string; type?: string }[] = body.input ?? body.messages ?? [];
  const asked = input.findLastIndex(({ role, type }) => role === "user" && (type ?? "message") === "message");
  const results = input.slice(asked + 1).filter(({ type, role }) => type === "function_call_output" || role === "tool");
  switch (results.length) {
    case 0:
      return {
        parts: [
          { text: "I am the fake model of a developer's window. I read a file." },
          { toolCall: { name: "read_file", arguments: { path: "src/cart.js" } } },
        ],
      };
    case 1:
      return {
        parts: [{ text: "Now a command." }, { toolCall: { name: "execute", arguments: { command: "ls" } } }],
      };
    default:
      return {
        parts: [
          { text: "That was [the cart](src/cart.js:10). **My words are always the same**; the tools were real." },
        ],
        chunkSize: 60,
        chunkDelayMs: 20,
      };
  }
};
