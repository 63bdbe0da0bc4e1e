/**
 * Who typed the line that a shell begins to run, and whether its words may be told. Agent and person share one
 * keyboard: a line counts as the agent's when it is one that the agent wrote, otherwise as of who pressed Enter last.
 */
import { TextCapture } from "./text-capture.ts";

/** Enter, Ctrl-J, and Ctrl-O of line editors. */
const enterKeys = ["\r", "\n", "\u000f"];
/** Lines of the agent that no command has been seen of; a program may have taken them as its input. */
const maxLines = 50;
const maxChars = 16_384;
const maxEchoChars = 8192;

/** Stands for the words of a line that was typed where nothing is shown. */
export const hiddenCommand = "(typed without echo)";
/** Stands for a command that the person began with a blank. */
export const offRecordCommand = "(a command that the person keeps off the record)";

export interface TypedCommand {
  readonly by: "agent" | "person";
  readonly command: string;
  /**
   * What may be told of it. `end`: typed without echo, so neither its words nor what was printed about them. `nothing`: the
   * person began it with a blank, the shells' sign for what is not to be remembered.
   */
  readonly tell: "all" | "end" | "nothing";
}

interface AgentLine {
  readonly text: string;
  readonly atPrompt: boolean;
}

export class TypedLines {
  #agentLines: AgentLine[] = [];
  #agentPart = "";
  #enteredBy: "agent" | "person" = "person";
  /** What the person typed while a program ran, and what was shown from then on. */
  #ahead = "";
  #shown = "";
  /** What was shown after the prompt, and whether the person has typed there. */
  #echo = "";
  #personTypes = false;

  /** Something is typed; `atPrompt`: while the shell waits for a command. */
  wrote(by: "agent" | "person", text: string, atPrompt: boolean): void {
    const enters = enterKeys.some((key) => text.includes(key));
    if (enters) this.#enteredBy = by;
    if (by === "agent") {
      const parts = (this.#agentPart + text).split(/\r\n|[\r\n]/);
      this.#agentPart = (parts.pop() ?? "").slice(-maxChars);
      const lines = parts.map((part) => ({ text: part.trim(), atPrompt })).filter((line) => line.text !== "");
      this.#agentLines = [...this.#agentLines, ...lines].slice(-maxLines);
      return;
    }
    if (atPrompt) this.#personTypes = true;
    else this.#ahead = (this.#ahead + text).slice(-maxChars);
    // What a program took as its input will not become a command any more.
    if (atPrompt && enters) this.#agentLines = this.#agentLines.filter((line) => line.atPrompt);
  }

  /** Returns whether it is no more than what the person types. */
  shown(text: string, atPrompt: boolean): boolean {
    if (!atPrompt) {
      if (this.#ahead !== "") this.#shown = (this.#shown + text).slice(-maxChars);
      return false;
    }
    if (this.#echo.length >= maxEchoChars) return false;
    this.#echo += text;
    return this.#personTypes;
  }

  /** The shell waits for a command. */
  prompted(): void {
    this.#echo = "";
    this.#personTypes = false;
  }

  /** The shell begins a line: `command` as the shell has it, blanks included; empty where it does not know it. */
  began(command: string): TypedCommand {
    const echo = this.#rendered();
    const line = command === "" ? echo : command;
    const words = line.trim();
    const mine = this.#agentLines.findIndex(({ text }) => text === words);
    if (mine >= 0) this.#agentLines.splice(0, mine + 1);
    if (mine >= 0 || this.#enteredBy === "agent") return { by: "agent", command: words, tell: "all" };
    const hidden = this.#isHidden(words, echo);
    if (/^\s/.test(line)) return { by: "person", command: offRecordCommand, tell: "nothing" };
    return { by: "person", command: hidden ? hiddenCommand : words, tell: hidden ? "end" : "all" };
  }

  /** What stands on the screen after the prompt. */
  #rendered(): string {
    const text = new TextCapture(maxEchoChars * 2);
    text.push(this.#echo);
    return text.text().text;
  }

  /** Typed into a program that showed nothing of it, such as one that asks for a password, or at a silent prompt. */
  #isHidden(words: string, echo: string): boolean {
    const at = words === "" ? -1 : this.#ahead.indexOf(words);
    if (at < 0) {
      this.#ahead = "";
      this.#shown = "";
      return echo.trim() === "";
    }
    const hidden = !this.#shown.includes(words);
    this.#ahead = this.#ahead.slice(at + words.length);
    return hidden;
  }
}
