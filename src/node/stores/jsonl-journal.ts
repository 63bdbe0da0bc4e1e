/**
 * One session's journal file. Appends go to a known offset, so a write that failed half-way (a full disk) is cut off
 * again and never leaves half a line before the next one.
 */
import { type FileHandle, mkdir, open, readFile, rename, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf, systemCodeOf } from "../../base/app-error.ts";
import { hashOf } from "../../base/content-hash.ts";
import { Mutex } from "../../base/mutex.ts";
import type { SessionJournal } from "../../ports/session-store.ts";
import type { DurableEvent } from "../../protocol/events.ts";
import { encodeEvents } from "../../protocol/journal.ts";
import { LeftoverSweeper, temporaryIn } from "../files/leftover-files.ts";
import type { WriterClaim } from "./writer-claim.ts";

/** Before-images beyond these are not kept; their edits can still be made, only not be shown as a whole or undone. */
const MAX_BLOB_BYTES = 20 * 1024 * 1024;
const MAX_SESSION_BLOB_BYTES = 500 * 1024 * 1024;

export class JsonlJournal implements SessionJournal {
  readonly #handle: FileHandle;
  readonly #blobFolder: string;
  readonly #claim: WriterClaim;
  readonly #exists: Promise<unknown>;
  readonly #writes = new Mutex();
  readonly #leftovers = new LeftoverSweeper();
  #offset: number;
  /** What stands behind the offset is half a batch. */
  #torn = false;
  #blobBytes = 0;

  /** `exists`: the file's name is durable; what has to be on the disk waits for it. Must not reject. */
  constructor(
    handle: FileHandle,
    offset: number,
    blobFolder: string,
    claim: WriterClaim,
    exists: Promise<unknown> = Promise.resolve(),
  ) {
    this.#handle = handle;
    this.#offset = offset;
    this.#blobFolder = blobFolder;
    this.#claim = claim;
    this.#exists = exists;
  }

  append(events: readonly DurableEvent[], options: { sync: boolean }): Promise<void> {
    return this.#writes.run(async () => {
      const bytes = Buffer.from(encodeEvents(events));
      try {
        if (this.#torn) await this.#cutTorn();
        this.#torn = true;
        await this.#writeAll(bytes);
        if (options.sync) await Promise.all([this.#handle.datasync(), this.#exists]);
      } catch (error) {
        await this.#cutTorn().catch(() => undefined);
        throw storageError(error);
      }
      this.#torn = false;
      this.#offset += bytes.length;
    });
  }

  /** The file is open for appending: even a second writer that should not be there destroys nothing of ours. */
  async #writeAll(bytes: Buffer): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written);
      written += bytesWritten;
    }
  }

  async #cutTorn(): Promise<void> {
    await this.#handle.truncate(this.#offset);
    this.#torn = false;
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    const hash = hashOf(bytes);
    if (bytes.length > MAX_BLOB_BYTES || this.#blobBytes + bytes.length > MAX_SESSION_BLOB_BYTES) return hash;
    const path = join(this.#blobFolder, hash);
    const aside = temporaryIn(this.#blobFolder);
    try {
      // The same content is kept once; one that a full disk had cut short is written anew.
      if ((await stat(path).catch(() => null))?.size === bytes.length) return hash;
      await mkdir(this.#blobFolder, { recursive: true, mode: 0o700 });
      await Promise.all([
        writeFile(aside, bytes, { flag: "wx", mode: 0o600 }),
        this.#leftovers.sweep(this.#blobFolder),
      ]);
      await rename(aside, path);
      this.#blobBytes += bytes.length;
    } catch (error) {
      await unlink(aside).catch(() => undefined);
      throw storageError(error);
    }
    return hash;
  }

  async getBlob(hash: string): Promise<Uint8Array | null> {
    if (!/^[0-9a-f]{64}$/.test(hash)) return null;
    const bytes = await readFile(join(this.#blobFolder, hash)).catch(() => null);
    // A kill in mid-write leaves a short file under the right name.
    return bytes !== null && hashOf(bytes) === hash ? bytes : null;
  }

  async close(): Promise<void> {
    await this.#writes.run(async () => {
      try {
        await this.#handle.close();
      } finally {
        await this.#claim.release();
      }
    });
  }
}

/** Opens the file for appending at `offset`; what stands behind it (a torn line) is cut off first. */
export async function openForAppend(path: string, offset: number): Promise<FileHandle> {
  // A file that is whole stays as it is: lists sort by the time of its last change.
  if ((await stat(path)).size > offset) await truncate(path, offset);
  return open(path, "a", 0o600);
}

export function storageError(error: unknown): AppError {
  const full = ["ENOSPC", "EDQUOT"].includes(systemCodeOf(error) ?? "");
  return new AppError(
    "storage",
    full ? "The session can not be saved: the disk is full." : `The session can not be saved: ${messageOf(error)}.`,
    {
      next: full
        ? "Free some space, then resume the session; nothing that was saved is lost."
        : "Check the folder of the sessions, then resume the session.",
      cause: error,
    },
  );
}
