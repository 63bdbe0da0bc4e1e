/** `codepilot attach`: the person's terminal becomes a window onto one of the agent's, from any shell. */
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { AppError } from "../../base/app-error.ts";
import { systemProcessTable } from "../../node/pty/process-table.ts";
import { findSessions } from "../../node/pty-host/find-sessions.ts";
import { type JoinedTerminal, joinTerminal, type TerminalEnd } from "../../node/pty-host/join-terminal.ts";
import { silentLog } from "../../ports/log.ts";
import { EXIT } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { checkWorkingDirectory } from "../working-directory.ts";
import type { AttachRequest } from "./attach-options.ts";
import { chooseTerminal, listTerminals } from "./choose-terminal.ts";
import { DetachKeys, nameKeys } from "./detach-keys.ts";
import { PersonTerminal } from "./person-terminal.ts";

/** How long a key that may begin the detach keys waits for the next one. */
const holdMs = 1_000;
const endingSignals = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

type Parting = TerminalEnd | { readonly kind: "detached" } | { readonly kind: "signal"; readonly number: number };

/** Resolves to the exit code: the shell's, when it ends. Rejects with AppError `usage`. */
export async function attach(request: AttachRequest): Promise<number> {
  const folder = await checkWorkingDirectory(request.cwd ?? process.cwd());
  const found = await findSessions(folder);
  if (found === null) {
    const message = `no agent has a terminal in ${printable(folder)} or a folder above it`;
    if (!request.list) return fail(message);
    process.stdout.write(`${message}\n`);
    return EXIT.completed;
  }
  if (request.list) {
    process.stdout.write(`${listTerminals(found, Date.now())}\n`);
    return EXIT.completed;
  }
  const choice = chooseTerminal(found, request);
  if (choice.kind === "none") return fail(`${printable(choice.message)}\n${listTerminals(found, Date.now())}`);
  const { session, terminal } = choice;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new AppError("usage", "attach needs a terminal as standard input and standard output", {
      next: `Programs talk to the terminal's socket: socat - UNIX-CONNECT:${terminal.socketPath ?? "PATH"}`,
    });
  }
  if (terminal.pid !== null && (await isInside(terminal.pid))) {
    throw new AppError("usage", `this shell is terminal ${terminal.name} itself`);
  }
  const person = new PersonTerminal(process.stdin, process.stdout);
  const painted = Promise.withResolvers<void>();
  const joined = await joinTerminal({
    place: session.place,
    session: session.session,
    terminal: terminal.name,
    size: person.size,
    onData: (data) => painted.promise.then(() => person.write(data)),
  });
  const name = printable(terminal.name);
  if (joined === null) return fail(`terminal ${name} has ended just now`);
  process.stderr.write(
    `codepilot: attached to ${name} of session ${printable(session.session)}; ${nameKeys(request.detachKeys)} detaches\n`,
  );
  const parting = await lookAt(person, joined, new DetachKeys(request.detachKeys), painted.resolve);
  return sayGoodbye(parting, name);
}

/** Resolves when one side goes; the person's terminal is as it was. Calls `onPainted` when output may follow. */
async function lookAt(
  person: PersonTerminal,
  joined: JoinedTerminal,
  keys: DetachKeys,
  onPainted: () => void,
): Promise<Parting> {
  const { attachment, end } = joined;
  const parted = Promise.withResolvers<Parting>();
  const decoder = new StringDecoder("utf8");
  const type = (bytes: string) => {
    const text = decoder.write(Buffer.from(bytes, "latin1"));
    if (text !== "") attachment.write(text);
  };
  let holding: NodeJS.Timeout | undefined;
  const onInput = (bytes: string) => {
    clearTimeout(holding);
    const { forward, detached } = keys.push(bytes);
    type(forward);
    if (detached) parted.resolve({ kind: "detached" });
    else if (keys.holding) holding = setTimeout(() => type(keys.flush()), holdMs);
  };
  const onSignal = (signal: NodeJS.Signals) => parted.resolve({ kind: "signal", number: constants.signals[signal] });
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    await person.take({
      onInput,
      onResize: ({ cols, rows }) => attachment.resize(cols, rows),
      onGone: () => onSignal("SIGHUP"),
    });
    void person.write(attachment.snapshot);
    onPainted();
    return await Promise.race([parted.promise, end]);
  } finally {
    clearTimeout(holding);
    joined.leave();
    await person.giveBack();
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}

function sayGoodbye(parting: Parting, name: string): number {
  switch (parting.kind) {
    case "detached":
      process.stderr.write(`codepilot: detached from ${name}, which goes on\n`);
      return EXIT.completed;
    case "exited":
      if (parting.signal !== null) return fail(`${name} was ended by signal ${parting.signal}`, 128 + parting.signal);
      process.stderr.write(`codepilot: ${name} has ended (exit ${parting.exitCode ?? "code not known"})\n`);
      return parting.exitCode ?? EXIT.failed;
    case "host-lost":
      return fail("the process that owned the terminals was ended, and the shell with it");
    case "dropped":
      return fail(`the connection to ${name} was lost; it may go on: codepilot attach --list`);
    case "signal":
      return 128 + parting.number;
  }
}

function fail(message: string, code: number = EXIT.failed): number {
  process.stderr.write(`codepilot: ${message}\n`);
  return code;
}

/** Whether this process runs in the shell with that id: it would look at itself looking at itself. */
async function isInside(shell: number): Promise<boolean> {
  const parents = new Map((await systemProcessTable(silentLog).list()).map(({ pid, parent }) => [pid, parent]));
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1; pid = parents.get(pid)) {
    if (pid === shell) return true;
  }
  return false;
}
