/** Node's system errors in words for the model: cause and next possible move. */
import { messageOf, systemCodeOf } from "../base/app-error.ts";

export function describeReadError(error: unknown, shown: string): string {
  switch (systemCodeOf(error)) {
    case "EISDIR":
      return folderText(shown);
    case "EACCES":
    case "EPERM":
      return `No permission to read ${shown}. Ask the person for access, or go on without it.`;
    case "EINVAL":
      return `${shown} is not a regular file (a device, pipe or socket), so it can not be read.`;
    default:
      return `${shown} could not be read: ${messageOf(error)}.`;
  }
}

/** The old content is intact in all these cases. */
export function describeWriteError(error: unknown, shown: string): string {
  switch (systemCodeOf(error)) {
    case "EISDIR":
      return folderText(shown);
    case "EACCES":
    case "EPERM":
      return readOnlyText(shown);
    case "EROFS":
      return `${shown} is on a read-only file system. Write to another place.`;
    case "ENOSPC":
    case "EDQUOT":
      return `There is no space left on the disk for ${shown}. Free some space or ask the person to, then try again.`;
    case "ENOTDIR":
    case "EEXIST":
      return `A part of the path ${shown} is a file, not a folder. Choose another path.`;
    case "ENAMETOOLONG":
      return `The name ${shown} is too long for this file system. Choose a shorter one.`;
    case "EINVAL":
      return `${shown} is not a regular file (a device, pipe or socket), so it can not be written.`;
    default:
      return `${shown} could not be written: ${messageOf(error)}.`;
  }
}

export function folderText(shown: string): string {
  return `${shown} is a folder. Give the path of a file; execute with \`ls\` shows what is in it.`;
}

export function readOnlyText(shown: string): string {
  return `${shown} or its folder is read-only for this process. Ask the person whether it may be changed, or write elsewhere.`;
}

export function missingText(shown: string): string {
  return `There is no file ${shown}. Look for it with find(scope="codebase"), or list a folder with execute and \`ls\`.`;
}
