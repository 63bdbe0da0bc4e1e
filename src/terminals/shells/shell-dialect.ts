/**
 * How one kind of shell takes a command of ours and tells its end.
 *
 * The command is written to a private file and private keys are typed; a function of our bootstrap, called by the
 * line editor of the shell, reads the file and lets the shell run what is in it. Nothing of it depends on what the
 * prompt looks like, and nothing of ours stays in the history.
 *
 * The bootstrap tells what happens with markers, OSC 633 with the secret of this shell and the number of the command,
 * so that no recorded or foreign output can end a command:  ESC ] 633 ; LETTER ; cp=KEY.NUMBER ; fields BEL
 *   S  our line is about to be shown: hide what follows; the shell has cleared its line with the prompt, or left the
 *      prompt standing (field `prompt`)
 *   C  output begins; field: for a command of ours how many characters of an unfinished line it displaced, for a
 *      line that the person typed its text
 *   D  ended: status, folder
 *   E  the command prints no more: what follows belongs to the prompt
 *   A, B  prompt begins, ends: A repeats status and number of the command before it: Ctrl-C may have taken D away
 *   N  the command that was loaded has not begun, nor will it
 *   F  an unfinished line goes on
 *   P  property; `Edit=0`: the next prompt has no line editing; `Heard=1`: the bootstrap is there; `LineFeeds=1`: the
 *      line feeds of the terminal were put right
 *   X  this shell is too old for all this
 */

/** What is typed, all of it without an end of line of its own but `runLine`. */
export interface ShellKeys {
  /** Runs the command in the file, where line editing is on. */
  readonly run: string;
  /** Gives the person back the unfinished line that a command of ours displaced. */
  readonly restore: string;
  /** The same as `run` as a line, for shells whose line editing can be off. */
  readonly runLine: string | null;
}

export interface ShellStart {
  /** Secret of this shell: hexadecimal. */
  readonly key: string;
  /** Path of the file that hands commands over. */
  readonly commandFile: string;
  /** Path of a file: when anything is in it at the end of a command, `stty onlcr` is due; see LineFeedMode. */
  readonly lineFeedFile: string;
  /** Whether the person's own startup files are loaded; not after they have ended the shell. */
  readonly loadPersonal: boolean;
  /** The environment that the shell gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes a file that only this user can read, and returns its path; `name` may name a folder too. */
  write(name: string, content: string): Promise<string>;
}

export interface PreparedShell {
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Stands in the command line of the process as long as it is the shell that we have started. */
  readonly commandLineMark: string;
}

export interface ShellDialect {
  /** Base names of the programs, without `.exe`. */
  readonly programs: readonly string[];
  /** The startup file in which the person would look for a mistake. */
  readonly startupFile: string;
  readonly keys: ShellKeys;
  /** Whether the bootstrap shows a sign of life before the person's own files are loaded. */
  readonly heardFirst: boolean;
  /** Whether the bootstrap minds `lineFeedFile`. */
  readonly restoresLineFeeds: boolean;
  /** Writes the bootstrap; rejects when the files can not be written. */
  prepare(start: ShellStart): Promise<PreparedShell>;
}

/** What the command file holds; a number is used once. Commands can not contain NUL. */
export function commandFileContent(number: number, command: string): string {
  return `${number}\0${command.replaceAll("\0", "")}\0`;
}

/**
 * A script of `sh`, given the `lineFeedFile`: waits for a change under way, and puts the line feeds of its terminal
 * right if that is due. Fails when it is not, or can not be. Ctrl-C does not end it: many press it more than once.
 */
export const restoreLineFeeds = `trap "" INT QUIT TSTP; n=0; s=
while read -r s <"$1"; [ "$s" = 1 ] && [ $n -lt 100 ]; do sleep 0.02; n=$((n + 1)); done
[ -n "$s" ] && stty onlcr`;

/** A word of a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
