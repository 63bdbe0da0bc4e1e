/** The lower end of a program's card: what it printed, and what went wrong. */
import type { ScriptOutcome } from "../../../src/protocol/items.ts";
import type { ProgramState } from "../logic/program-rows.ts";
import { problemOf } from "../logic/program-text.ts";
import type { RowOf } from "../logic/rows.ts";
import { LiveOutput, Output } from "./tool-body.tsx";

export function ProgramEnd({ row }: { row: RowOf<"program-end"> }) {
  const { scriptId, outcome, state } = row;
  if (!outcome) {
    if (state !== "interrupted") return <LiveOutput outputKey={scriptId} />;
    return (
      <p className="note">The session ended while this program ran. When the turn goes on, so does the program.</p>
    );
  }
  return (
    <>
      {outcome.printed.trim() !== "" && <Output rowKey={row.key} text={outcome.printed} label="Printed" />}
      <Problem outcome={outcome} state={state} />
    </>
  );
}

function Problem({ outcome, state }: { outcome: ScriptOutcome; state: ProgramState }) {
  if (outcome.clean) return null;
  if (state === "stopped") return <p className="note">Stopped. What it had done stands.</p>;
  const words = problemOf(outcome);
  if (words !== null) return <pre className="output problem">{words}</pre>;
  return (
    <p className="note">
      {state === "completed" ? "A write it asked for was not made." : "It did not run to its end."}
    </p>
  );
}
