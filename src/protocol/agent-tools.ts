/** Names of tools that an agent file may list. */

/** The tools that an agent has when its file names none. */
export const defaultAgentTools = [
  "read_file",
  "write_file",
  "find",
  "execute",
  "read_output",
  "send_input",
  "terminate_terminal",
  "ask_user",
] as const;

/** Always on in the python interface, whatever the file names. */
export const contextTools = ["archive_context", "reveal_context", "list_archived_context"] as const;

/** Only when the file names it. */
export const semanticSearchTool = "semantic_search";
