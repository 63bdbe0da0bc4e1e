/**
 * How zsh takes a command of ours. ZDOTDIR leads it to a .zshenv of ours, which puts ZDOTDIR back before anything of the
 * person's is read: from there on zsh loads their files itself, as ever.
 *
 * The private key runs the widget `__cp_load`: it reads the file and accepts a line that evaluates the command at top
 * level. That line never gets into the history; the command is put there as the person's options want it.
 *
 * The prompt parameters are left alone. The end is told by whichever comes first: the rest of our line (reached after an
 * interrupt too), precmd, or zle-line-init, which also tells that the prompt is drawn. A person may overwrite the
 * others, and each of them puts the others back. Where the output ends is told by PROMPT_EOL_MARK before zsh marks a line
 * without end.
 */
import { restoreLineFeeds, type ShellDialect, shellQuote } from "./shell-dialect.ts";

/** Options of the person's that our functions run without, as they are where the command stands. */
const flags = `"$-\${options[errreturn]}"`;
const evaluation =
  `{ { __cp_begin ${flags}; } 2>/dev/null; \\builtin \\eval "$__cp_cmd"; } ` +
  `always { { __cp_end ${flags}; } 2>/dev/null; }`;

/** An option by a name that nobody else would write: it stands in the command line and changes nothing. */
const commandLineMark = "-o inter_active";

export const zsh: ShellDialect = {
  programs: ["zsh"],
  startupFile: "~/.zshrc",
  keys: {
    run: "\x1b[7777~",
    restore: "\x1b[7779~",
    runLine: ` { __cp_load typed; } 2>/dev/null; ${evaluation}\r`,
  },
  // A system-wide .zshenv may lead zsh away from ours by setting ZDOTDIR itself.
  heardFirst: true,
  restoresLineFeeds: true,
  async prepare({ key, commandFile, lineFeedFile, loadPersonal, env, write }) {
    const file = await write("bootstrap.zsh", bootstrap(key, commandFile, lineFeedFile));
    const entry = await write(".zshenv", zshenv(file, env.ZDOTDIR, loadPersonal));
    return {
      args: ["-i", ...commandLineMark.split(" ")],
      env: { ZDOTDIR: entry.slice(0, entry.lastIndexOf("/")) },
      commandLineMark,
    };
  },
};

function zshenv(file: string, theirs: string | undefined, loadPersonal: boolean): string {
  return `# CodePilot's bootstrap of this shell; your own startup files are loaded as ever.
${theirs === undefined ? "builtin unset ZDOTDIR" : `ZDOTDIR=${shellQuote(theirs)}`}
builtin emulate -R zsh -c ${shellQuote(`builtin source ${shellQuote(file)}`)}
${loadPersonal ? `if [[ -r \${ZDOTDIR:-$HOME}/.zshenv ]]; then builtin source "\${ZDOTDIR:-$HOME}/.zshenv"; fi` : "builtin unsetopt rcs"}
`;
}

/** Sourced under \`emulate -R zsh -c\`: whatever the person sets later, these functions run with the usual options. */
function bootstrap(key: string, commandFile: string, lineFeedFile: string): string {
  return `
typeset -g __cp_key='${key}' __cp_file=${shellQuote(commandFile)} __cp_cmd='' __cp_text='' __cp_stash=''
typeset -g __cp_feeds=${shellQuote(lineFeedFile)}
typeset -gi __cp_seq=0 __cp_open=0 __cp_told=0 __cp_last=0 __cp_seen=0 __cp_loaded=0 __cp_drawn=0 __cp_cursor=0
typeset -ga __cp_hooks

__cp_mark() { builtin print -rn -- $'\\e]633;'"$1;cp=$__cp_key.$2;$3"$'\\a' >|/dev/tty }

__cp_escape() {
  __cp_text=$1
  [[ $__cp_text == *[[:cntrl:]\\\\\\;]* ]] || return 0
  __cp_text=\${__cp_text//\\\\/\\\\x5c}; __cp_text=\${__cp_text//;/\\\\x3b}
  __cp_text=\${__cp_text//$'\\n'/\\\\x0a}; __cp_text=\${__cp_text//$'\\e'/\\\\x1b}; __cp_text=\${__cp_text//$'\\a'/\\\\x07}
}

__cp_load() {
  __cp_install
  local content=$(<$__cp_file)
  local number=\${content%%$'\\0'*}
  [[ $number == <1-> && $number != $__cp_seen ]] || { __cp_mark N 0; return 0 }
  __cp_seen=$number __cp_loaded=$number
  content=\${content#*$'\\0'}
  __cp_cmd=\${content%$'\\0'}
  # Our line is not remembered, and nobody else is asked to remember it.
  __cp_hooks=("\${zshaddhistory_functions[@]}")
  zshaddhistory_functions=(__cp_forget)
  if (( $+functions[zshaddhistory] )) && functions -c zshaddhistory __cp_their_zshaddhistory; then
    unfunction zshaddhistory
  fi
  __cp_stash=''
  [[ $1 != typed ]] || { __cp_mark S 0; return 0 }
  __cp_stash=$BUFFER __cp_cursor=$CURSOR
  if [[ $BUFFER != '' ]]; then
    BUFFER=''
    zle -R
  fi
  __cp_mark S 0 prompt
  BUFFER=${shellQuote(` ${evaluation}`)}
  zle .accept-line
}

__cp_forget() { if (( __cp_loaded )) || [[ $1 == ' { __cp_load typed;'* ]]; then return 1; else return 0; fi }

# Ends what __cp_load arranged for our line.
__cp_uncover() {
  (( __cp_loaded )) || return 0
  __cp_loaded=0
  zshaddhistory_functions=("\${__cp_hooks[@]}")
  if (( $+functions[__cp_their_zshaddhistory] )); then
    functions -c __cp_their_zshaddhistory zshaddhistory
    unfunction __cp_their_zshaddhistory
  fi
}

__cp_restore() { BUFFER=$__cp_stash CURSOR=$__cp_cursor __cp_stash='' }

__cp_remember() {
  local line=\${__cp_cmd%%$'\\n'#}
  [[ $line == *[^[:space:]]* ]] || return 0
  [[ $1 == *g* && $line == ' '* ]] && return 0
  # Our own line, which lingers in the history until the next, is not there any more for print.
  [[ $1 == *h* && $line == \${history[$((HISTCMD - 1))]} ]] && return 0
  builtin print -rs -- "$line"
}

__cp_begin() {
  local number=$__cp_loaded
  __cp_uncover
  __cp_remember "$1"
  __cp_open=$number
  __cp_mark C $number \${#__cp_stash}
  # With ERR_EXIT or ERR_RETURN a status would be taken for an error.
  [[ $1 == *(e*|on) ]] && return 0
  return $__cp_last
}

__cp_close() {
  local number=$__cp_open
  __cp_last=$1
  (( number )) || return 0
  [[ ! -s $__cp_feeds ]] || __cp_restore_feeds
  __cp_escape "$PWD"
  __cp_mark D $number "$1;$__cp_text"
  # At last: if Ctrl-C comes in between, the next hook tells the end.
  __cp_told=$number __cp_open=0
}

__cp_restore_feeds() {
  builtin command -p sh -c ${shellQuote(restoreLineFeeds)} sh $__cp_feeds </dev/tty || return 0
  # A job that goes on later brings the settings back that it has seen.
  [[ -z \${(M)jobstates:#suspended*} ]] || return 0
  : >|$__cp_feeds
  __cp_mark P 0 LineFeeds=1
}

__cp_end() {
  local -i state=$?
  # What zsh has for an interrupted loop is 130 as often as something else.
  (( TRY_BLOCK_INTERRUPT == 1 )) && state=130
  __cp_close $state
  __cp_install
  [[ $1 == *(e*|on) ]] && return 0
  return $state
}

__cp_preexec() {
  __cp_drawn=0
  (( __cp_loaded )) && return 0
  __cp_open=$((++__cp_seq))
  __cp_escape "\${\${1:-$3}[1,4000]}"
  __cp_mark C $__cp_open "$__cp_text"
  __cp_install
}

__cp_precmd() {
  __cp_close $?
  if (( __cp_loaded )); then
    __cp_mark N 0
    __cp_uncover
  fi
  __cp_install
}

# Called last: what follows is the prompt.
__cp_prompt() {
  __cp_close \${1-$?}
  __cp_mark A $__cp_told $__cp_last
  __cp_drawn=1
  [[ -o zle ]] && return 0
  # Our line will be accepted before any of our functions runs.
  zshaddhistory_functions=(__cp_forget \${zshaddhistory_functions:#__cp_forget})
  __cp_mark P 0 Edit=0
  __cp_mark A $__cp_told $__cp_last
  __cp_mark B 0
}

__cp_line_init() {
  local -i state=$?
  case $CONTEXT in
    (start)
      (( __cp_drawn )) || __cp_prompt $state
      __cp_mark B 0
      __cp_install ;;
    (cont) __cp_mark F 0 ;;
  esac
  if (( $+widgets[__cp_their_line_init] )); then zle __cp_their_line_init -- "$@"; fi
}

# Runs before the first prompt whatever the startup files have made of the hooks.
__cp_first() {
  (( __cp_drawn )) || __cp_prompt 0
  __cp_install
}

__cp_install() {
  local map mark=$'\\e]633;E;cp='"$__cp_key"$'.0;\\a'
  [[ $precmd_functions[1] == __cp_precmd && $precmd_functions[-1] == __cp_prompt ]] ||
    precmd_functions=(__cp_precmd \${precmd_functions:#__cp_(precmd|prompt)} __cp_prompt)
  [[ $preexec_functions[1] == __cp_preexec ]] || preexec_functions=(__cp_preexec \${preexec_functions:#__cp_preexec})
  # A shell inside this one may inherit it, and is none of ours.
  mark="%{%($((SHLVL + 1))L||$mark)%}"
  [[ $PROMPT_EOL_MARK == "$mark"* || \${(t)PROMPT_EOL_MARK} == *readonly* ]] ||
    PROMPT_EOL_MARK=$mark\${\${PROMPT_EOL_MARK-%B%S%#%s%b}//"$mark"/}
  [[ -o zle ]] || return 0
  for map in emacs viins vicmd main; do
    bindkey -M $map '\\e[7777~' __cp_load '\\e[7779~' __cp_restore
  done
  [[ $widgets[__cp_load] == user:__cp_load ]] || zle -N __cp_load
  [[ $widgets[__cp_restore] == user:__cp_restore ]] || zle -N __cp_restore
  if [[ $widgets[zle-line-init] != user:__cp_line_init ]]; then
    if (( $+widgets[zle-line-init] )); then zle -A zle-line-init __cp_their_line_init; fi
    zle -N zle-line-init __cp_line_init
  fi
}

__cp_mark P 0 Heard=1
{ __cp_install; zmodload zsh/sched && sched +0 __cp_first } 2>/dev/null
`;
}
