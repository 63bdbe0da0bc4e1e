/** Sockets that nobody but this user can reach from the moment they have their name. */
import { randomBytes } from "node:crypto";
import { chmod, lstat, rename, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname, join } from "node:path";

export interface PrivateSocket {
  readonly path: string;
  /** Whether it is this one that is found under its name. */
  isThere(): Promise<boolean>;
  /** Takes no connections any more and takes the name away; connections that are there stay. */
  close(): Promise<void>;
}

/**
 * Listens at `path`, mode 0600, in the place of whatever was there. It is made under a name that nobody knows and then
 * moved, so it is never there with another mode, nor without anybody listening. Rejects when that can not be.
 */
export async function listenPrivately(server: Server, path: string): Promise<PrivateSocket> {
  if (process.platform === "win32") {
    await listen(server, path);
    return { path, isThere: async () => server.listening, close: async () => void server.close() };
  }
  const aside = join(dirname(path), `${randomBytes(6).toString("hex")}.new`);
  let inode: number;
  try {
    await listen(server, aside);
    await chmod(aside, 0o600);
    inode = (await lstat(aside)).ino;
    await rename(aside, path);
  } catch (error) {
    server.close();
    throw error;
  }
  const isThere = async () => (await lstat(path).catch(() => null))?.ino === inode;
  return {
    path,
    isThere,
    async close() {
      server.close();
      // Where somebody has removed the folder, the next pty host may have a socket of that name already.
      if (await isThere()) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
