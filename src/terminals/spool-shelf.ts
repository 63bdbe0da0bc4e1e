/** The spools of one session, within a number of bytes: the oldest parts of the oldest commands go first. */
import { Spool, type SpoolFiles, type SpoolLimits } from "./spool.ts";

export class SpoolShelf {
  readonly #files: SpoolFiles;
  readonly #limits: SpoolLimits;
  /** By the time they were begun. */
  readonly #spools = new Set<Spool>();
  #bytes = 0;

  constructor(files: SpoolFiles, limits: SpoolLimits) {
    this.#files = files;
    this.#limits = limits;
  }

  get bytesOnDisk(): number {
    return this.#bytes;
  }

  begin(): Spool {
    const spool = new Spool(this.#files, this.#limits, (bytes) => this.#sized(bytes));
    this.#spools.add(spool);
    return spool;
  }

  async remove(spool: Spool): Promise<void> {
    if (!this.#spools.delete(spool)) return;
    this.#bytes -= spool.bytesOnDisk;
    await spool.remove();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#spools].map((spool) => this.remove(spool)));
  }

  #sized(bytes: number): void {
    this.#bytes += bytes;
    if (bytes < 0) return;
    const why = `the commands of a session keep at most ${Math.round(this.#limits.sessionBytes / 1e6)} MB of output`;
    for (const spool of this.#spools) {
      while (this.#bytes > this.#limits.sessionBytes) if (!spool.dropOldest(why)) break;
      if (this.#bytes <= this.#limits.sessionBytes) return;
    }
  }
}
