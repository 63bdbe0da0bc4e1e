/**
 * How fish takes a command of ours. The private key runs `__cp_load`, which puts the command itself into the command
 * line and executes it: history, title and events are those of a line that was typed. What fish would not execute
 * (an unfinished quote) or is too long to be painted is evaluated instead, by a line that leaves the history again.
 *
 * The end is seen by the event fish_postexec and told by the next fish_prompt. The function that makes the prompt is
 * the person's: it is wrapped only while it runs. A loop that was interrupted has no status in fish, and is told as 0.
 *
 * Written for fish 3.6 and run there; for 4.x by its documentation.
 */
import { restoreLineFeeds, type ShellDialect } from "./shell-dialect.ts";

/** Ctrl+Alt+Shift+F12 and F11: fish 4 drops sequences that stand for no key. */
const runKey = "\x1b[24;8~";
const restoreKey = "\x1b[23;8~";

/** Painting more than this takes longer than running it. */
const longestLineChars = 4000;

export const fish: ShellDialect = {
  programs: ["fish"],
  startupFile: "~/.config/fish/config.fish",
  keys: { run: runKey, restore: restoreKey, runLine: null },
  heardFirst: false,
  restoresLineFeeds: true,
  async prepare({ key, commandFile, lineFeedFile, loadPersonal, write }) {
    const file = await write("bootstrap.fish", bootstrap(key, commandFile, lineFeedFile));
    return {
      args: [...(loadPersonal ? [] : ["--no-config"]), "--init-command", `source ${quote(file)}`],
      commandLineMark: file,
    };
  },
};

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function bootstrap(key: string, commandFile: string, lineFeedFile: string): string {
  return `# CodePilot's bootstrap of this shell; your own startup files have been loaded.
set -g __cp_key ${key}
set -g __cp_file ${quote(commandFile)}
set -g __cp_feeds ${quote(lineFeedFile)}
set -g __cp_seq 0
set -g __cp_open 0
set -g __cp_told 0
set -g __cp_wrapped 0
set -g __cp_seen 0
set -g __cp_loaded 0
set -g __cp_cmd ''
set -g __cp_line ''
set -g __cp_stash ''
set -g __cp_cursor 0
set -g __cp_generation ''
set -g __cp_state

function __cp_mark
    builtin printf '\\e]633;%s;cp=%s.%s;%s\\a' $argv[1] $__cp_key $argv[2] "$argv[3]" >/dev/tty
end

function __cp_escape
    set -l text (builtin string sub --length 4000 -- "$argv[1]" | builtin string collect)
    if builtin string match --quiet --regex '[\\\\;\\x00-\\x1f]' -- "$text"
        set text (builtin string replace --all -- '\\\\' '\\\\x5c' "$text" | builtin string collect)
        set text (builtin string replace --all -- ';' '\\\\x3b' "$text" | builtin string collect)
        set text (builtin string replace --all -- \\n '\\\\x0a' "$text" | builtin string collect)
        set text (builtin string replace --all -- \\e '\\\\x1b' "$text" | builtin string collect)
        set text (builtin string replace --all -- \\a '\\\\x07' "$text" | builtin string collect)
    end
    builtin printf '%s' "$text"
end

function __cp_load
    builtin test "$__cp_loaded" != 0; and return
    set -l content (builtin string split0 <$__cp_file)
    if not builtin string match --quiet --regex '^[1-9][0-9]*$' -- "$content[1]"; or builtin test "$content[1]" = "$__cp_seen"
        __cp_mark N 0
        return
    end
    set -g __cp_seen $content[1]
    set -g __cp_loaded $content[1]
    set -g __cp_cmd "$content[2]"
    set -g __cp_stash (builtin commandline | builtin string collect)
    set -g __cp_cursor (builtin commandline --cursor)
    if builtin test -n "$__cp_stash"
        # Clears the last row of what is there, the prompt too.
        builtin printf '\\r\\e[J' >/dev/tty
        __cp_mark S 0
    else
        __cp_mark S 0 prompt
    end
    # Two blanks: nothing that stands before the cursor may be taken for an abbreviation, in vi mode neither.
    set -g __cp_line (builtin string trim --chars \\n -- "$__cp_cmd" | builtin string collect)"  "
    builtin commandline --replace -- "$__cp_line"
    if builtin test (builtin string length -- "$__cp_line") -gt ${longestLineChars}
        or builtin string match --quiet --regex '^\\s*(#[^\\n]*(\\n\\s*|$))*$' -- "$__cp_line"
        or not builtin commandline --is-valid
        set -g __cp_line ' eval "$__cp_cmd"'
        builtin commandline --replace -- "$__cp_line"
    end
    builtin commandline --function execute
end

function __cp_restore
    builtin commandline --replace -- "$__cp_stash"
    builtin commandline --cursor $__cp_cursor
end

function __cp_preexec --on-event fish_preexec
    if builtin test "$__cp_loaded" != 0
        set -g __cp_open $__cp_loaded
        set -g __cp_loaded 0
        __cp_mark C $__cp_open (builtin string length -- "$__cp_stash")
    else
        set -g __cp_seq (builtin math $__cp_seq + 1)
        set -g __cp_open $__cp_seq
        __cp_mark C $__cp_open (__cp_escape "$argv[1]")
    end
    set -g __cp_state
    set -g __cp_generation $status_generation
end

# Tells the end that __cp_postexec has seen, or what has to stand for it.
function __cp_close
    builtin test "$__cp_open" = 0; and return
    set -l number $__cp_open
    set -q __cp_state[1]; or set -g __cp_state $argv[1]
    builtin test -s $__cp_feeds; and __cp_restore_feeds
    __cp_mark D $number $__cp_state';'(__cp_escape "$PWD")
    set -g __cp_told $number
    set -g __cp_open 0
end

function __cp_restore_feeds
    set -lx PATH $PATH /bin /usr/bin
    command sh -c ${quote(restoreLineFeeds)} sh $__cp_feeds </dev/tty 2>/dev/null; or return
    # A job that goes on later brings the settings back that it has seen.
    builtin jobs --query; and return
    builtin printf '' >$__cp_feeds
    __cp_mark P 0 LineFeeds=1
end

# Not the end yet: \`exit\` comes here too. Next fish marks a line without end.
function __cp_postexec --on-event fish_postexec
    set -g __cp_state $status
    # A line like \`set x 1\` leaves the status of the line before it.
    builtin test "$status_generation" = "$__cp_generation"; and set -g __cp_state 0
    __cp_mark E 0
end

function __cp_prompt --on-event fish_prompt
    __cp_close $status
    if builtin test "$__cp_loaded" != 0
        set -g __cp_loaded 0
        __cp_mark N 0
    end
    if builtin string match --quiet -- ' eval*' "$__cp_line"
        # A line with a blank before it is still offered until the next one.
        builtin history delete --exact --case-sensitive -- "$__cp_line"
    end
    set -g __cp_line ''
    __cp_install
    __cp_mark A $__cp_told "$__cp_state"
    __cp_unwrap
    builtin functions --erase __cp_their_prompt
    builtin functions --copy fish_prompt __cp_their_prompt
    function fish_prompt
        __cp_their_prompt
        builtin printf '\\e]633;B;cp=%s.0;\\a' $__cp_key
        __cp_unwrap
    end
    set -g __cp_wrapped 1
end

# Ctrl-C may have ended the prompt before it came to this; a prompt wrapped twice would call itself for ever.
function __cp_unwrap
    builtin test "$__cp_wrapped" = 1; or return
    builtin functions --erase fish_prompt
    builtin functions --copy __cp_their_prompt fish_prompt
    set -g __cp_wrapped 0
end

function __cp_install
    for mode in default insert visual replace replace_one
        builtin bind --mode $mode ${runKey.replace("\x1b", "\\e").replace("[", "\\[").replace(";", "\\;")} __cp_load
        builtin bind --mode $mode ${restoreKey.replace("\x1b", "\\e").replace("[", "\\[").replace(";", "\\;")} __cp_restore
    end
end
`;
}
