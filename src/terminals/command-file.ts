/** The file by which a shell gets its next command: what the keys that are typed for it stand for. */
import type { PrivateFolder } from "./pty.ts";
import { commandFileContent } from "./shells/shell-dialect.ts";

export class CommandFile {
  readonly #folder: PrivateFolder;
  readonly #name: string;
  /** Settles when what was to be written before is written: a late taking back must not take the next command. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(folder: PrivateFolder, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  /** Rejects when it can not be written. */
  hand(number: number, command: string): Promise<void> {
    return this.#write(commandFileContent(number, command));
  }

  /** Takes the command back. A shell that has read it already begins it all the same. */
  takeBack(): Promise<void> {
    return this.#write(commandFileContent(0, ""));
  }

  async #write(content: string): Promise<void> {
    const written = this.#written.then(() => this.#folder.write(this.#name, content));
    this.#written = written.catch(() => undefined);
    await written;
  }
}
