/** What the two threads of the interpreter's process say to each other, and the form of a snapshot file. */
import type { MessagePort } from "node:worker_threads";

export interface WorkerInput {
  readonly pyodideFolder: string;
  readonly preludePath: string;
  /** A snapshot to boot from; a bad one counts as none. */
  readonly snapshotPath: string | null;
  /** After a boot without one, hand its bytes over. */
  readonly makeSnapshot: boolean;
  readonly memoryLimitBytes: number;
  /** Commands and answers as strings. */
  readonly commands: MessagePort;
  /** Four bytes, counted up after every message in `commands`. */
  readonly wakeUps: SharedArrayBuffer;
}

export type WorkerMessage =
  /** Ready for a command. The first one ends the boot. */
  | { readonly kind: "idle" }
  | { readonly kind: "post"; readonly text: string }
  /** Waits for an answer. */
  | { readonly kind: "ask"; readonly text: string }
  | { readonly kind: "snapshot"; readonly bytes: Uint8Array }
  | { readonly kind: "ended"; readonly cause: string };

export const snapshotMagic = "CPPYSNP1";
/** Magic and SHA-256 of what follows, padded to 64 so that the memory image stays aligned. */
export const snapshotHeaderBytes = 64;
