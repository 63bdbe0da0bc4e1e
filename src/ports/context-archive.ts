/**
 * A tool that puts finished tasks of its session away, or looks at them again, gets this port. Tasks are the session's
 * turns, numbered from 1. What is put away stays in the journal; only what the model is sent gets shorter.
 */
export interface ContextArchive {
  /** In their order; the last one is the active one. */
  tasks(): readonly ArchiveTask[];
  /**
   * From the next request on the task is told as `summary`. Only for a task that is finished and not archived yet;
   * durable when it resolves. Rejects with AppError `storage`.
   */
  archive(position: number, summary: string): Promise<void>;
  /** What the model was sent of a task, as text; null for a task that does not exist. */
  original(position: number): string | null;
}

export interface ArchiveTask {
  readonly position: number;
  /** The beginning of what the person asked for, on one line. */
  readonly title: string;
  readonly active: boolean;
  /** Null: it is told in full. */
  readonly summary: string | null;
  /** What it takes in full; estimated. */
  readonly fullTokens: number;
  /** What it takes now; estimated. */
  readonly tokens: number;
}
