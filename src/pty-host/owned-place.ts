/**
 * The folder of the sockets while this process owns it. One process at a time does; it leaves by moving the folder out
 * of the way, so that another one can begin at once while this one still ends its shells.
 */
import { randomBytes } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCodeOf } from "../base/app-error.ts";
import { newMarkPrefix } from "../node/pty/node-terminal-engine.ts";
import { type HostPlace, placeAt, preparePlace } from "../node/pty-host/host-place.ts";
import { endLeftShells } from "../node/pty-host/left-shells.ts";
import { claimWriter, isClaimed, type WriterClaim } from "../node/stores/writer-claim.ts";
import type { Log } from "../ports/log.ts";
import { ShellRecord } from "./shell-record.ts";

/** How often the folder may be moved away by one that ends just now. */
const attempts = 20;

export class OwnedPlace {
  readonly place: HostPlace;
  readonly markPrefix = newMarkPrefix();
  readonly shells: ShellRecord;
  readonly #claim: WriterClaim;
  #moved: string | null = null;

  private constructor(place: HostPlace, claim: WriterClaim, log: Log) {
    this.place = place;
    this.#claim = claim;
    this.shells = new ShellRecord(place, this.markPrefix, log);
  }

  /**
   * Null when a living process owns it. What a killed one has left is ended and removed first. Rejects when the folder
   * can not be made or is not this user's alone.
   */
  static async take(place: HostPlace, log: Log): Promise<OwnedPlace | null> {
    const claim = await claimPlace(place);
    if (claim === null) return null;
    const owned = new OwnedPlace(place, claim, log);
    try {
      await endLeftShells(place, log);
      await removeLeftovers(place, log);
      await owned.shells.save();
    } catch (error) {
      await claim.release();
      throw error;
    }
    return owned;
  }

  /** From here on another process may take the place. */
  async leave(): Promise<void> {
    await this.shells.close();
    // Somebody may have removed the folder, and another process may own the one that is there now.
    if (!(await this.#claim.isHeld())) return;
    const aside = `${this.place.folder}.${randomBytes(4).toString("hex")}`;
    await rename(this.place.folder, aside).then(
      () => {
        this.#moved = aside;
      },
      () => undefined,
    );
  }

  /** Takes away whatever is left of the folder. */
  async remove(): Promise<void> {
    const held = this.#moved ?? ((await this.#claim.isHeld()) ? this.place.folder : null);
    await this.#claim.release();
    if (held !== null) await rm(held, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function claimPlace(place: HostPlace): Promise<WriterClaim | null> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await preparePlace(place);
      return await claimWriter(place.claimFile);
    } catch (error) {
      if (systemCodeOf(error) !== "ENOENT" || attempt === attempts) throw error;
    }
  }
}

/** Sockets and token of one that was killed, and folders of those that were killed while they ended. */
async function removeLeftovers(place: HostPlace, log: Log): Promise<void> {
  const kept = [place.claimFile, place.logFile].map((path) => basename(path));
  for (const name of await readdir(place.folder)) {
    if (!kept.some((each) => name.startsWith(each)))
      await rm(join(place.folder, name), { recursive: true, force: true });
  }
  const parent = dirname(place.folder);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(place.folder)}.`)) continue;
    const left = placeAt(join(parent, name), "");
    if (await isClaimed(left.claimFile)) continue;
    await endLeftShells(left, log);
    await rm(left.folder, { recursive: true, force: true });
  }
}
