import { createHash } from "node:crypto";

/** SHA-256 in hex: the identity of a file's content wherever one is compared or kept. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
