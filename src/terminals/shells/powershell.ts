/**
 * How PowerShell (5.1 and later) takes a command of ours. WRITTEN WITH CARE AND NOT RUN: there was no PowerShell where
 * this was made. Windows has no foreground groups either, so what only markers can tell is told by them alone.
 *
 * The private key runs `__cp_load` inside PSReadLine: it reads the file and accepts a line that dot-sources the command
 * as a script block, at top level. PSReadLine is told not to remember that line, the session's history gets the
 * command in its place. Without PSReadLine the same is typed as a line.
 *
 * Output begins where PSConsoleHostReadLine returns. The end is told by the prompt function or, where that was
 * replaced, by the next PSConsoleHostReadLine; each of the two puts the other back.
 */
import type { ShellDialect } from "./shell-dialect.ts";

const evaluation = ". ([scriptblock]::Create($Global:__cp.Text))";

export const powershell: ShellDialect = {
  programs: ["pwsh", "pwsh-preview", "powershell"],
  startupFile: "$PROFILE",
  keys: {
    // Ctrl+Alt+Shift+F12 and F11.
    run: "\x1b[24;8~",
    restore: "\x1b[23;8~",
    runLine: ` __cp_load typed; ${evaluation}\r`,
  },
  heardFirst: false,
  restoresLineFeeds: false,
  async prepare({ key, commandFile, loadPersonal, write }) {
    const file = await write("bootstrap.ps1", bootstrap(key, commandFile));
    return {
      // Not dot-sourced: scripts in files may be forbidden.
      args: [
        "-NoLogo",
        ...(loadPersonal ? [] : ["-NoProfile"]),
        "-NoExit",
        "-Command",
        `Invoke-Expression ([IO.File]::ReadAllText(${quote(file)}))`,
      ],
      commandLineMark: file,
    };
  },
};

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function bootstrap(key: string, commandFile: string): string {
  return `# CodePilot's bootstrap of this shell; your own profile has been loaded.
$Global:__cp = @{
  Key = '${key}'; File = ${quote(commandFile)}
  Seq = [long]0; Open = [long]0; Seen = ''; Loaded = [long]0; Ours = $false
  Cmd = ''; Text = ''; Stash = ''; Cursor = 0; Ok = $true; Worked = $true; Code = $null; Drawn = $false
  Prompt = $null; ReadLine = $null; Remember = $null
  Line = ${quote(` ${evaluation}`)}
}

function Global:__cp_mark([string]$letter, [long]$number, [string]$fields) {
  [Console]::Write([char]27 + ']633;' + $letter + ';cp=' + $Global:__cp.Key + '.' + $number + ';' + $fields + [char]7)
}

function Global:__cp_escape([string]$text) {
  if ($text.Length -gt 4000) { $text = $text.Substring(0, 4000) }
  [regex]::Replace($text, '[\\\\;\\x00-\\x1f]', { param($match) '\\x{0:x2}' -f [int][char]$match.Value })
}

function Global:__cp_load([string]$how) {
  $cp = $Global:__cp
  $number, $command = [IO.File]::ReadAllText($cp.File).Split([char]0)
  $cp.Text = ''
  if ($number -notmatch '^[1-9][0-9]*$' -or $number -eq $cp.Seen) { __cp_mark 'N' 0 ''; return }
  $cp.Seen = $number
  $cp.Loaded = [long]$number
  $cp.Cmd = [string]$command[0]
  # The last statement of the block says whether the command has worked; an error that ends it does not come so far.
  $cp.Text = $cp.Cmd + [char]10 + '$Global:__cp.Ok = $?'
  $cp.Stash = ''
  if ($how -eq 'typed') { __cp_mark 'S' 0 ''; __cp_begin; return }
  $line = $null; $cursor = $null
  [Microsoft.PowerShell.PSConsoleReadLine]::GetBufferState([ref]$line, [ref]$cursor)
  $cp.Stash = $line
  $cp.Cursor = $cursor
  [Microsoft.PowerShell.PSConsoleReadLine]::RevertLine()
  __cp_mark 'S' 0 'prompt'
  [Microsoft.PowerShell.PSConsoleReadLine]::Insert($cp.Line)
  [Microsoft.PowerShell.PSConsoleReadLine]::AcceptLine()
}

function Global:__cp_begin {
  $cp = $Global:__cp
  $cp.Open = $cp.Loaded
  $cp.Loaded = 0
  $cp.Ours = $true
  $cp.Ok = $false
  # Whether a program has set it is only seen when it was not set before.
  $cp.Code = $Global:LASTEXITCODE
  $Global:LASTEXITCODE = $null
  __cp_mark 'C' $cp.Open ([string]$cp.Stash.Length)
}

# Tells the end of what was open; $worked: whether the last line has worked, as PowerShell has it.
function Global:__cp_close([bool]$worked) {
  $cp = $Global:__cp
  if ($cp.Loaded) { $cp.Loaded = 0; __cp_mark 'N' 0 '' }
  if (-not $cp.Open) { return }
  if ($cp.Ours) { $worked = $cp.Ok }
  $code = 0
  if (-not $worked) { if ($Global:LASTEXITCODE) { $code = $Global:LASTEXITCODE } else { $code = 1 } }
  if ($cp.Ours) {
    if ($null -eq $Global:LASTEXITCODE) { $Global:LASTEXITCODE = $cp.Code }
    __cp_remember
  }
  $folder = ''
  if ($PWD.Provider.Name -eq 'FileSystem') { $folder = $PWD.ProviderPath }
  __cp_mark 'D' $cp.Open ([string]$code + ';' + (__cp_escape $folder))
  $cp.Open = 0
  $cp.Ours = $false
}

# The history of the session and that of the line editor get the command in the place of our line.
function Global:__cp_remember {
  $cp = $Global:__cp
  $last = Get-History -Count 1
  if ($last -and $last.CommandLine.EndsWith($cp.Line.Trim())) {
    Clear-History -Id $last.Id
    if ($cp.Cmd.Trim()) {
      Add-History -InputObject ([pscustomobject]@{
        CommandLine = $cp.Cmd; ExecutionStatus = $last.ExecutionStatus
        StartExecutionTime = $last.StartExecutionTime; EndExecutionTime = $last.EndExecutionTime
      })
    }
  }
  if ($cp.Cmd.Trim() -and (Get-Module PSReadLine)) { [Microsoft.PowerShell.PSConsoleReadLine]::AddToHistory($cp.Cmd) }
}

function Global:__cp_prompt {
  $cp = $Global:__cp
  __cp_close $cp.Worked
  __cp_install
  if (-not (Get-Module PSReadLine)) { __cp_mark 'P' 0 'Edit=0' }
  __cp_mark 'A' 0 '0'
  $cp.Drawn = $true
  $text = 'PS> '
  try { if ($cp.Prompt) { $text = (& $cp.Prompt) -join '' } } catch { }
  $text + [char]27 + ']633;B;cp=' + $cp.Key + '.0;' + [char]7
}

function Global:__cp_read_line {
  $cp = $Global:__cp
  if (-not $cp.Drawn) {
    # Somebody has replaced the prompt function.
    __cp_close $cp.Worked
    __cp_install
    __cp_mark 'A' 0 '0'
    __cp_mark 'B' 0 ''
  }
  $cp.Drawn = $false
  $line = & $cp.ReadLine
  if ($cp.Loaded) {
    __cp_begin
  } elseif (-not [string]::IsNullOrWhiteSpace($line)) {
    $cp.Seq += 1
    $cp.Open = $cp.Seq
    __cp_mark 'C' $cp.Open (__cp_escape $line)
  }
  $line
}

function Global:__cp_install {
  $cp = $Global:__cp
  $ours = $Global:__cp_prompt_block
  if ("\${function:prompt}" -ne "$ours") {
    $cp.Prompt = \${function:prompt}
    Set-Item function:Global:prompt $ours
  }
  if (-not (Get-Module PSReadLine)) { return }
  $ours = $Global:__cp_read_line_block
  if ("\${function:PSConsoleHostReadLine}" -ne "$ours") {
    $cp.ReadLine = \${function:PSConsoleHostReadLine}
    Set-Item function:Global:PSConsoleHostReadLine $ours
  }
  Set-PSReadLineKeyHandler -Chord 'Ctrl+Alt+Shift+F12' -ScriptBlock { __cp_load 'key' }
  Set-PSReadLineKeyHandler -Chord 'Ctrl+Alt+Shift+F11' -ScriptBlock {
    [Microsoft.PowerShell.PSConsoleReadLine]::RevertLine()
    [Microsoft.PowerShell.PSConsoleReadLine]::Insert($Global:__cp.Stash)
    [Microsoft.PowerShell.PSConsoleReadLine]::SetCursorPosition($Global:__cp.Cursor)
  }
  $theirs = (Get-PSReadLineOption).AddToHistoryHandler
  if ("$theirs" -ne "$Global:__cp_history_block") {
    $cp.Remember = $theirs
    Set-PSReadLineOption -AddToHistoryHandler $Global:__cp_history_block
  }
}

# The first thing in each is what \`$?\` is of the line that has just ended.
$Global:__cp_prompt_block = { $Global:__cp.Worked = $?; __cp_prompt }
$Global:__cp_read_line_block = { $Global:__cp.Worked = $?; __cp_read_line }
$Global:__cp_history_block = {
  param([string]$line)
  if ($line -eq $Global:__cp.Line) { return $false }
  if ($Global:__cp.Remember) { return $Global:__cp.Remember.Invoke($line) }
  return $true
}
__cp_install
`;
}
