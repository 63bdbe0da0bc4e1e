/** The socket of one terminal for viewers of the open format: nothing to say first, raw bytes after one line. */
import { createServer, type Server, type Socket } from "node:net";
import type { Log } from "../ports/log.ts";
import { listenPrivately, type PrivateSocket } from "./private-socket.ts";

export interface DataSocketOptions {
  readonly path: string;
  /** Named in the log. */
  readonly terminal: string;
  /** A viewer has come. */
  readonly serve: (socket: Socket) => void;
  readonly log: Log;
}

export class DataSocket {
  readonly #options: DataSocketOptions;
  readonly #server: Server;
  readonly #opening: Promise<PrivateSocket | null>;
  #open: PrivateSocket | null = null;
  #closing: Promise<void> | null = null;

  /** Takes the name when `before`, the socket that has had it, is closed. */
  constructor(options: DataSocketOptions, before: Promise<void>) {
    this.#options = options;
    this.#server = createServer(options.serve);
    this.#opening = before.then(() => this.#listen());
  }

  /** Null while it can not be reached. */
  get path(): string | null {
    return this.#open?.path ?? null;
  }

  /** Takes no viewers any more; those that are there stay. */
  close(): Promise<void> {
    this.#closing ??= this.#opening.then(async (socket) => {
      this.#open = null;
      await socket?.close();
    });
    return this.#closing;
  }

  async #listen(): Promise<PrivateSocket | null> {
    const { path, terminal, log } = this.#options;
    try {
      this.#open = await listenPrivately(this.#server, path);
      this.#server.on("error", (error) => log.error(`the data socket of ${terminal} failed`, error));
      return this.#open;
    } catch (error) {
      // The terminal works without; only viewers of that kind do not.
      log.error(`the data socket of ${terminal} could not be opened`, error);
      return null;
    }
  }
}
