/** Identity of a file's content, as in journal, ledger and compare-and-swap: SHA-256 in hex. */
import { createHash } from "node:crypto";

export function contentHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
