/** Files for the output of commands, in the private folder of the terminals; made on first need. */
import { type FileHandle, open, unlink } from "node:fs/promises";
import type { PrivateFolder } from "../../terminals/pty.ts";
import type { SpoolFile, SpoolFiles } from "../../terminals/spool.ts";

export function spoolFiles(folder: PrivateFolder): SpoolFiles {
  let count = 0;
  return {
    async create() {
      count += 1;
      const path = await folder.pathOf(`output-${count}`);
      return new NodeSpoolFile(path, await open(path, "wx+", 0o600));
    },
  };
}

class NodeSpoolFile implements SpoolFile {
  readonly #path: string;
  /** Null once it is finished: hundreds of commands must not hold as many descriptors. */
  #handle: FileHandle | null;
  #size = 0;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const handle = this.#handle;
    if (handle === null) throw new Error("the file is finished");
    // At a position: what a failed write has left half done is written over.
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, this.#size + done);
      done += bytesWritten;
    }
    this.#size += bytes.length;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const own = this.#handle;
    const handle = own ?? (await open(this.#path, "r"));
    try {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    } finally {
      if (handle !== own) await handle.close();
    }
  }

  async finish(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async remove(): Promise<void> {
    await this.finish();
    await unlink(this.#path);
  }
}
