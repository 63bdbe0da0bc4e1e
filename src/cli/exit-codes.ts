/** What `codepilot` ends with. */
export const EXIT = { completed: 0, failed: 1, usage: 2, unanswered: 3, interrupted: 130 } as const;
