/**
 * Where the pty host of a user and a workspace is reached: a folder that only this user can enter, with a control
 * socket, the token that opens it, and one data socket a terminal. Names are hashes, so neither long paths nor strange
 * ones matter.
 */
import { createHash } from "node:crypto";
import { access, constants, lstat, mkdir, realpath, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { AppError, systemCodeOf } from "../../base/app-error.ts";
import { ptyHostVersion } from "../../protocol/pty-host.ts";
import { isOurs } from "../pty/private-folder.ts";

/** Of a socket's path: 104 bytes on macOS, 108 on Linux, with the final NUL. */
const maxSocketPathBytes = 103;
const longestName = "t-0123456789ab.sock";

export interface HostPlace {
  /** 0700. */
  readonly folder: string;
  readonly controlSocket: string;
  /** 0600; what a client must show. */
  readonly tokenFile: string;
  /** Held by the one process that owns the folder. */
  readonly claimFile: string;
  /** What would have to be ended should its owner be killed. */
  readonly shellsFile: string;
  readonly logFile: string;
}

/** Names the place without touching anything. `workspace`: a folder, links resolved. */
export async function hostPlace(workspace: string, env = process.env): Promise<HostPlace> {
  const root = await realpath(resolve(workspace)).catch(() => resolve(workspace));
  const key = placeKey(root);
  if (process.platform === "win32") return windowsPlace(key);
  for (const folder of fittingFolders(key, env)) if (await isUsable(dirname(folder))) return placeIn(folder);
  throw new AppError("storage", "there is no folder for the sockets of terminals", {
    next: "Set XDG_RUNTIME_DIR or TMPDIR to a folder with a short path.",
  });
}

/**
 * Every place where the pty host of this workspace may be, the likeliest first: what started it may have had another
 * environment than this process, as an editor's server and a login by ssh have. Names them without touching anything.
 */
export async function possiblePlaces(workspace: string, env = process.env): Promise<readonly HostPlace[]> {
  const root = await realpath(resolve(workspace)).catch(() => resolve(workspace));
  const key = placeKey(root);
  if (process.platform === "win32") return [windowsPlace(key)];
  return [...new Set(fittingFolders(key, env, `/run/user/${ownId()}`))].map(placeIn);
}

/**
 * Those of them, besides `own`, whose folder is there, is this user's alone and lies where nobody else could exchange
 * it: what is said there may be as secret as in one's own.
 */
export async function otherPlaces(own: HostPlace, workspace: string, env = process.env): Promise<readonly HostPlace[]> {
  const possible = (await possiblePlaces(workspace, env)).filter(({ folder }) => folder !== own.folder);
  const trusted = await Promise.all(
    possible.map(async (place) => (await isOwnPlace(place)) && (await isUsable(dirname(place.folder)))),
  );
  return possible.filter((_, index) => trusted[index]);
}

/** Whether the folder is there and nobody else could have put it, or anything in it, there. */
export async function isOwnPlace(place: HostPlace): Promise<boolean> {
  const checks = [dirname(place.folder), place.folder].map((folder) => checkOwn(folder));
  return Promise.all(checks).then(
    () => true,
    () => false,
  );
}

/** The place whose folder and control socket somebody has named. */
export function placeAt(folder: string, controlSocket: string): HostPlace {
  return { ...placeIn(folder), controlSocket };
}

/** Of terminals with any name in sessions with any name. */
export function dataSocketPath(place: HostPlace, session: string, terminal: string): string {
  const name = `t-${shortHash(`${session}\0${terminal}`)}`;
  return process.platform === "win32" ? `${place.controlSocket}-${name}` : join(place.folder, `${name}.sock`);
}

/** Makes the folder where it is missing. Rejects with AppError `storage` where it is not ours alone. */
export async function preparePlace(place: HostPlace): Promise<void> {
  for (const folder of [dirname(place.folder), place.folder]) {
    // One that ends just now moves its folder away between two looks.
    for (let attempt = 0; !(await isMade(folder)); attempt += 1) if (attempt === 20) throw canNotBeMade(folder);
  }
}

/** False when it was there and is gone again. */
async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw canNotBeMade(folder, error);
  }
  try {
    await checkOwn(folder);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function canNotBeMade(folder: string, cause?: unknown): AppError {
  return new AppError("storage", `${folder} can not be made`, {
    next: "Set XDG_RUNTIME_DIR or TMPDIR to a folder that can be written.",
    cause,
  });
}

/** A folder that somebody else has made under our name could be theirs to read, or lead elsewhere. */
async function checkOwn(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  if (isOurs(await lstat(folder))) return;
  throw new AppError("storage", `${folder} is not a private folder of this user`, {
    next: "Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
  });
}

function placeIn(folder: string): HostPlace {
  return {
    folder,
    controlSocket: join(folder, "control.sock"),
    tokenFile: join(folder, "token"),
    claimFile: join(folder, "owner"),
    shellsFile: join(folder, "shells"),
    logFile: join(folder, "host.log"),
  };
}

/** Named pipes are no files; the rest lies in the user's temporary folder, which on Windows is private. Not run yet. */
function windowsPlace(key: string): HostPlace {
  const folder = join(tmpdir(), "codepilot-pty-host", key);
  return { ...placeIn(folder), controlSocket: `\\\\.\\pipe\\codepilot-${shortHash(userInfo().username)}-${key}` };
}

function placeKey(root: string): string {
  return shortHash(`v${ptyHostVersion}\0${root}`);
}

/** Those in which the path of a socket is not too long, the likeliest first. */
function fittingFolders(key: string, env: NodeJS.ProcessEnv, ...moreRuntimeFolders: readonly string[]): string[] {
  const own = `codepilot-${ownId()}`;
  const runtimeFolders = [env.XDG_RUNTIME_DIR ?? "", ...moreRuntimeFolders].filter(isAbsolute);
  const temporaryFolders = [env.TMPDIR ?? tmpdir(), "/tmp"].filter(isAbsolute);
  const bases = [
    ...runtimeFolders.map((folder) => join(folder, "codepilot")),
    ...temporaryFolders.map((folder) => join(folder, own)),
  ];
  const folders = bases.map((base) => join(base, key));
  return folders.filter((folder) => Buffer.byteLength(join(folder, longestName)) <= maxSocketPathBytes);
}

/** Not where a login manager has taken the runtime folder away, nor where others could put a folder in its stead. */
async function isUsable(base: string): Promise<boolean> {
  const info = await stat(dirname(base)).catch(() => null);
  if (!info?.isDirectory()) return false;
  const [othersMayWrite, sticky] = [(info.mode & 0o022) !== 0, (info.mode & 0o1000) !== 0];
  if (othersMayWrite && !sticky) return false;
  const can = (path: string, mode: number) =>
    access(path, mode).then(
      () => true,
      () => false,
    );
  return (await can(base, constants.X_OK)) || (await can(dirname(base), constants.W_OK | constants.X_OK));
}

/** Not by the name of the user, which one in a container may not have. */
function ownId(): number {
  return process.getuid?.() ?? 0;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
