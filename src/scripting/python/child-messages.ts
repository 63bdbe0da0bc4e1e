/** What the parent and the interpreter's process say to each other. */

/** Given to the process as its one argument. Paths are absolute and readable to it. */
export interface ChildInput {
  readonly worker: string;
  readonly pyodideFolder: string;
  readonly preludePath: string;
  readonly snapshotPath: string | null;
  readonly makeSnapshot: boolean;
  /** Of Python's memory; beyond it Python raises MemoryError. */
  readonly memoryLimitBytes: number;
  /** Of the whole process; beyond it the process is killed. */
  readonly residentLimitBytes: number;
  /** Of the JavaScript objects around Python. */
  readonly heapLimitMb: number;
  readonly stackMb: number;
}

/** Kinds of frames. To the process: `run` and `answer`, ASCII text whose first lines are control values. */
export const FrameKind = {
  /** `<cpu limit ms>\n<clock ms>[ new <seed>]\n<JSON of a command>` */
  run: 1,
  /** `<clock ms>\n<JSON>` */
  answer: 2,
  /** The program's own words as JSON: not trusted. */
  message: 16,
  /** Ready for a command. */
  idle: 17,
  /** Bytes of a snapshot file. */
  snapshot: 18,
  /** JSON of `Verdict`: the process must end. */
  verdict: 19,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Verdict {
  readonly kind: "cpu-limit" | "memory-limit" | "crashed";
  readonly detail: string;
}
