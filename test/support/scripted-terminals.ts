/** Terminals that answer what the test tells them to and keep what they were asked. */
import { toDisposable } from "../../src/base/disposable.ts";
import type {
  CommandResult,
  OpenTerminal,
  OpenTerminalResult,
  ReadResult,
  ReadSpool,
  ReadTerminal,
  RunCommand,
  RunResult,
  SpoolResult,
  Terminals,
  WriteTerminal,
} from "../../src/ports/terminals.ts";
import type { TerminalInfo } from "../../src/protocol/terminals.ts";

export function terminalInfo(changes: Partial<TerminalInfo> = {}): TerminalInfo {
  const started = { name: "main", shell: "/bin/bash", pid: 100, cwd: "/work", createdBy: "agent" } as const;
  return { ...started, status: "idle", command: null, exitCode: null, ...changes };
}

export function commandResult(changes: Partial<CommandResult> = {}): CommandResult {
  return {
    kind: "command",
    commandId: "cmd_1",
    ordinal: 1,
    command: "true",
    status: "completed",
    exitCode: 0,
    cwd: "/work",
    pid: 100,
    durationMs: 5,
    totalLines: 0,
    output: { text: "", droppedChars: 0 },
    ...changes,
  };
}

export class ScriptedTerminals implements Terminals {
  terminals: TerminalInfo[] = [terminalInfo({ status: "not-started", pid: null })];
  readonly calls: { method: string; request: unknown }[] = [];
  onOpen: (request: OpenTerminal) => OpenTerminalResult = (request) => {
    const terminal = terminalInfo({ name: request.name });
    this.terminals = [...this.terminals, terminal];
    return { kind: "opened", terminal };
  };
  onRun: (request: RunCommand) => RunResult | Promise<RunResult> = ({ command, commandId }) =>
    commandResult({ command, commandId });
  onRead: (request: ReadTerminal) => ReadResult = () => ({ kind: "no-terminal", names: ["main"] });
  onReadSpool: (request: ReadSpool) => SpoolResult = () => ({ kind: "no-command", ordinals: [] });
  onWrite: (request: WriteTerminal) => ReadResult = () => ({ kind: "no-terminal", names: ["main"] });

  list(): readonly TerminalInfo[] {
    return this.terminals;
  }
  async open(request: OpenTerminal) {
    this.calls.push({ method: "open", request });
    return this.onOpen(request);
  }
  async run(request: RunCommand) {
    this.calls.push({ method: "run", request });
    return this.onRun(request);
  }
  async read(request: ReadTerminal) {
    this.calls.push({ method: "read", request });
    return this.onRead(request);
  }
  async write(request: WriteTerminal) {
    this.calls.push({ method: "write", request });
    return this.onWrite(request);
  }
  async readSpool(request: ReadSpool) {
    this.calls.push({ method: "readSpool", request });
    return this.onReadSpool(request);
  }
  async terminate(name: string) {
    this.calls.push({ method: "terminate", request: name });
    const known = this.terminals.some((terminal) => terminal.name === name);
    this.terminals = this.terminals.filter((terminal) => terminal.name !== name);
    return known ? ("terminated" as const) : ("no-terminal" as const);
  }
  async attach() {
    return null;
  }
  async interrupt() {
    return "idle" as const;
  }
  async follow() {
    return null;
  }
  knows() {
    return false;
  }
  async reconnect() {}
  retell() {}
  acknowledge() {}
  watchOutput() {
    return toDisposable(() => {});
  }
  on() {
    return toDisposable(() => {});
  }
  async close() {}
  async release() {}
  dispose() {}
}
