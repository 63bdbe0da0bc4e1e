/**
 * How bash takes a command of ours. The first key runs `__cp_load` inside readline, whatever the person has typed so
 * far or whichever editing mode is on: it reads the file and replaces the line by one that evaluates the command at
 * top level (so `declare`, `return` and job control mean what they always do). The second key accepts that line. The
 * history gets the command itself.
 *
 * The end is told by whichever comes first: the rest of our line, PROMPT_COMMAND, or PS1. Ctrl-C skips the first; a
 * person may overwrite the others, and each of the three puts the others back.
 */
import { restoreLineFeeds, type ShellDialect, shellQuote } from "./shell-dialect.ts";

const evaluation = `\\builtin eval "$__cp_run"; { __cp_end; } 2>/dev/null`;

export const bash: ShellDialect = {
  programs: ["bash"],
  startupFile: "~/.bashrc",
  keys: {
    run: "\x1b[7777~\x1b[7778~",
    restore: "\x1b[7779~",
    runLine: ` { __cp_load typed; } 2>/dev/null; ${evaluation}\r`,
  },
  // The bootstrap comes after the system's own file, which may take its time.
  heardFirst: false,
  restoresLineFeeds: true,
  async prepare({ key, commandFile, lineFeedFile, loadPersonal, write }) {
    const file = await write("bashrc", bootstrap({ key, commandFile, lineFeedFile, loadPersonal }));
    return { args: ["--rcfile", file, "-i"], commandLineMark: file };
  },
};

interface BootstrapOptions {
  readonly key: string;
  readonly commandFile: string;
  readonly lineFeedFile: string;
  readonly loadPersonal: boolean;
}

/** The file for `bash --rcfile`. */
function bootstrap({ key, commandFile, lineFeedFile, loadPersonal }: BootstrapOptions): string {
  return `# CodePilot's bootstrap of this shell; your own startup file is loaded below.
__cp_key='${key}' __cp_file=${shellQuote(commandFile)} __cp_void='' __cp_cmd='' __cp_run='' __cp_text='' __cp_stash='' __cp_control=''
__cp_feeds=${shellQuote(lineFeedFile)}
__cp_seq=0 __cp_open=0 __cp_told=0 __cp_last=0 __cp_hist=0 __cp_seen=0

__cp_mark() { builtin printf '\\e]633;%s;cp=%s.%s;%s\\a' "$1" "$__cp_key" "$2" "$3" >|/dev/tty; }

__cp_escape() {
  __cp_text=$1
  [[ $__cp_text == *[[:cntrl:]\\\\\\;]* ]] || return 0
  __cp_text=\${__cp_text//\\\\/\\\\x5c}; __cp_text=\${__cp_text//;/\\\\x3b}
  __cp_text=\${__cp_text//$'\\n'/\\\\x0a}; __cp_text=\${__cp_text//$'\\e'/\\\\x1b}; __cp_text=\${__cp_text//$'\\a'/\\\\x07}
}

# A line that the person typed. Runs in a subshell of PS0; $1: HISTCMD, $2: HISTCMD at the prompt.
__cp_person() {
  local line
  if [[ \${HISTTIMEFORMAT+set} && \${HISTTIMEFORMAT@a} == *r* ]]; then
    # Its times can not be left out of the list; there is this one of the newest line alone that has none.
    line=$(builtin fc -lnr -0 -0)
    line=\${line:2}
  else
    line=$(HISTTIMEFORMAT= builtin history 1)
    [[ $line =~ ^[[:space:]]*[0-9]+.[[:space:]](.*)$ ]] && line=\${BASH_REMATCH[1]}
  fi
  [[ $1 == "$2" ]] && line=''
  __cp_escape "\${line:0:4000}"
  __cp_mark C "$__cp_open" "$__cp_text"
}

__cp_load() {
  local -; builtin set +eux
  __cp_mark S 0 ''
  __cp_install
  local IFS= number=0
  { builtin read -r -d '' number && builtin read -r -d '' __cp_cmd; } <"$__cp_file" || number=0
  [[ $number == "$__cp_seen" ]] && number=0
  __cp_stash=''
  [[ \${1-} == typed ]] || __cp_stash=\${READLINE_LINE-}
  READLINE_LINE='' READLINE_POINT=0
  __cp_off=''
  # Our line begins with a blank and is not remembered; where that can not be, it is taken out of the history again.
  __cp_control=\${HISTCONTROL-unset}
  if [[ \${HISTCONTROL@a} == *r* ]]; then __cp_control=readonly; else HISTCONTROL=ignorespace; fi
  __cp_run=':'
  READLINE_LINE=' :'
  (( number )) || return 0
  __cp_seen=$number
  __cp_run="{ __cp_begin $number; } 2>/dev/null"$'\\n'"$__cp_cmd"
  READLINE_LINE=' ${evaluation}'
  return 0
}

# Ends what __cp_load arranged for our line.
__cp_uncover() {
  [[ \${__cp_off+set} ]] || return 0
  builtin unset __cp_off
  [[ $__cp_control != readonly ]] || return 0
  HISTCONTROL=$__cp_control
  [[ $__cp_control != unset ]] || builtin unset HISTCONTROL
}

__cp_restore() { READLINE_LINE=$__cp_stash READLINE_POINT=\${#__cp_stash} __cp_stash=''; }

__cp_begin() {
  __cp_uncover
  [[ $__cp_control == readonly && $(builtin history 1) == *'"$__cp_run"; { __cp_end'* ]] && builtin history -d -1
  [[ -o history ]] && builtin history -s -- "$__cp_cmd"
  __cp_open=$1
  __cp_mark C "$1" "\${#__cp_stash}"
  [[ $- == *e* ]] && return 0
  return "$__cp_last"
}

__cp_close() {
  local number
  number=$__cp_open __cp_last=$1
  (( number )) || return 0
  [[ ! -s $__cp_feeds ]] || __cp_restore_feeds
  __cp_escape "$PWD"
  __cp_mark D "$number" "$1;$__cp_text"
  # At last: if Ctrl-C comes in between, the next hook tells the end.
  __cp_told=$number __cp_open=0
}

__cp_restore_feeds() {
  builtin command -p sh -c ${shellQuote(restoreLineFeeds)} sh "$__cp_feeds" </dev/tty || return 0
  # A job that goes on later brings the settings back that it has seen.
  [[ $(builtin jobs -s) == '' ]] || return 0
  : >|"$__cp_feeds"
  __cp_mark P 0 LineFeeds=1
}

__cp_end() {
  local status="$?" flags="$-"
  local -; builtin set +eux
  __cp_close "$status"
  __cp_install
  # After an unfinished quote bash would go on with PS2 if nothing were parsed to its end.
  builtin eval ':'
  [[ $flags == *e* ]] || return "$status"
}

__cp_prompt() {
  local status="$?"
  local -; builtin set +eux
  __cp_close "$status"
  __cp_hist=$HISTCMD
  [[ \${__cp_off+set} ]] && __cp_mark N 0 ''
  [[ \${PS1@a} == *r* ]] && { __cp_mark A "$__cp_told" "$status"; __cp_mark B 0 ''; }
  __cp_uncover
  __cp_install
  return 0
}

__cp_install() {
  local a='\\[\\e]633;A;cp='"$__cp_key"'.\${__cp_open:+$((__cp_open?__cp_open:__cp_told))};$?\\a\\]' b='\\[\\e]633;B;cp='"$__cp_key"'.0;\\a\\]'
  local f='\\[\\e]633;F;cp='"$__cp_key"'.0;\\a\\]'
  local c='\${__cp_void:$((__cp_open=__cp_seq+=1,0)):0}\${__cp_off-$(__cp_person "$HISTCMD" "$__cp_hist" 2>/dev/null)}'
  local hook='{ __cp_prompt; } 2>/dev/null' edit=1
  [[ \${PS1-} == "$a"*"$b" || \${PS1@a} == *r* ]] || { PS1=\${PS1-}; PS1=\${PS1//"$a"/}; PS1=$a\${PS1//"$b"/}$b; }
  [[ \${PS2-} == "$f"* || \${PS2@a} == *r* ]] || PS2=$f\${PS2-}
  [[ \${PS0-} == *"$c" || \${PS0@a} == *r* ]] || { PS0=\${PS0-}; PS0=\${PS0//"$c"/}$c; }
  builtin export -n PS0 PS1 PS2
  if [[ \${PROMPT_COMMAND@a} == *r* ]]; then
    # Both out of reach: nothing would tell that the shell waits.
    [[ \${PS1@a} != *r* ]] || __cp_mark X 0 ''
  elif (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501 )); then
    local last="$((\${#PROMPT_COMMAND[@]} - 1))" each hooks=()
    if (( last < 1 )) || [[ \${PROMPT_COMMAND[0]-} != "$hook" || \${PROMPT_COMMAND[last]-} != "$hook" ]]; then
      for each in "\${PROMPT_COMMAND[@]}"; do [[ $each == "$hook" ]] || hooks+=("$each"); done
      builtin unset PROMPT_COMMAND
      PROMPT_COMMAND=("$hook" "\${hooks[@]}" "$hook")
    fi
  elif [[ \${PROMPT_COMMAND-} != "$hook"$'\\n'* ]]; then
    PROMPT_COMMAND=\${PROMPT_COMMAND//"$hook"$'\\n'/}
    PROMPT_COMMAND=$hook$'\\n'$PROMPT_COMMAND$'\\n'$hook
  fi
  builtin export -n PROMPT_COMMAND
  [[ -o emacs || -o vi ]] || edit=0
  (( edit )) || __cp_mark P 0 Edit=0
}

# Read before the person's aliases are: they hold for whatever is read after them.
__cp_start() {
  set +e
  if (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404 )); then
    __cp_mark X 0 ''
    return
  fi
  for __cp_void in emacs vi-insert vi-move; do
    builtin bind -m "$__cp_void" -x '"\\e[7777~":{ __cp_load; } 2>/dev/null'
    builtin bind -m "$__cp_void" '"\\e[7778~":accept-line'
    builtin bind -m "$__cp_void" -x '"\\e[7779~":{ __cp_restore; } 2>/dev/null'
  done 2>/dev/null
  __cp_void=''
  { __cp_install; } 2>/dev/null
}

${loadPersonal ? "if [[ -r ~/.bashrc ]]; then . ~/.bashrc; fi" : ""}
__cp_start
`;
}
