/** Who looks at one shell and types into it: what each sees, where its input goes, and that it hears of the end. */
import type { TerminalAttachment } from "../ports/terminals.ts";
import type { Display } from "./display.ts";
import type { PtySize } from "./pty.ts";

export interface AttachmentsOptions {
  readonly display: Display;
  /** What a viewer answers to a question of a program: nobody has typed it. */
  readonly answer: (text: string) => void;
  readonly type: (text: string) => void;
}

export class Attachments {
  readonly #options: AttachmentsOptions;
  /** To be called when the shell has ended; null once it has. */
  #waiting: Set<() => void> | null = new Set();

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  async attach(deliver: (data: string) => void | Promise<void>, wanted?: PtySize): Promise<TerminalAttachment> {
    const { display, answer, type } = this.#options;
    const view = await display.attach(deliver, wanted);
    const ended = Promise.withResolvers<void>();
    const onExit = () => void view.settled().then(ended.resolve);
    if (this.#waiting === null) onExit();
    else this.#waiting.add(onExit);
    return {
      snapshot: view.snapshot,
      size: view.size,
      ended: ended.promise,
      write: (data) => {
        for (const { kind, text } of view.received(data)) (kind === "answer" ? answer : type)(text);
      },
      resize: (cols, rows) => view.resize({ cols, rows }),
      dispose: () => {
        this.#waiting?.delete(onExit);
        view.detach();
      },
    };
  }

  /** Nothing more will be shown. */
  shellEnded(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const tell of waiting) tell();
  }
}
