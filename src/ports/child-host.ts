/**
 * Processes in which programs of models are interpreted: without files, environment, further processes, and killed
 * when the one who started them goes. What they say is bytes that nobody should trust.
 */

export interface ChildProgram {
  /** Absolute path of the script. */
  readonly script: string;
  /** Its one argument. */
  readonly argument: string;
  /** Absolute paths of the files and folders that it may read; it may write none. */
  readonly readable: readonly string[];
}

export interface ChildListener {
  /** In order, as they arrive. */
  onBytes(bytes: Buffer): void;
  /**
   * Once, when the process is gone and its last bytes were given; also when it could not be started. `reason` is
   * for a log or a message: an exit code, a signal, an error.
   */
  onGone(reason: string): void;
}

export interface ChildConnection {
  /** After the end of the process nothing happens. */
  send(bytes: Uint8Array): void;
  /** Ends the process at once, whatever it is doing. */
  kill(): void;
}

export interface ChildHost {
  /** Never throws. */
  start(program: ChildProgram, listener: ChildListener): ChildConnection;
}

/** Keeps the memory image of a booted interpreter, so that the next one need not boot. */
export interface SnapshotStore {
  /** Path of the file with the image, null when there is none. It may be broken: who reads it checks. */
  find(): Promise<string | null>;
  /** Replaces the file in one step. False when that failed, which costs time at the next boot and is logged. */
  write(bytes: Uint8Array): Promise<boolean>;
}
