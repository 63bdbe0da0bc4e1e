/** A question of the model: choices as buttons, an answer in own words, or none at all. */
import type { ToolEntry } from "../../../src/protocol/state.ts";
import { usePanel } from "../store.ts";
import { TextField } from "./text-field.tsx";

export function QuestionCard({ record, live }: { record: NonNullable<ToolEntry["question"]>; live: boolean }) {
  const panel = usePanel();
  const { question, answer } = record;
  const headingId = `ask-${question.questionId}`;
  if (answer || !live) {
    return (
      <div className="answered">
        <p>{question.question}</p>
        <p className="note">
          {answer?.kind === "answered" ? (
            <>
              You answered: <strong>{answer.text}</strong>
            </>
          ) : (
            "Not answered."
          )}
        </p>
      </div>
    );
  }
  const reply = (text: string): void => {
    panel.op({ type: "question.answer", questionId: question.questionId, text });
    panel.focusComposer();
  };
  const skip = (): void => {
    panel.op({ type: "question.cancel", questionId: question.questionId });
    panel.focusComposer();
  };
  return (
    <fieldset className="ask" aria-labelledby={headingId}>
      <h3 id={headingId}>{question.question}</h3>
      {question.choices && question.choices.length > 0 && (
        <div className="choices">
          {question.choices.map((choice) => (
            <button key={choice} type="button" className="button secondary" onClick={() => reply(choice)}>
              {choice}
            </button>
          ))}
        </div>
      )}
      <TextField
        label="Your answer"
        placeholder={question.choices?.length ? "Or answer in your own words" : "Your answer"}
        submitLabel="Answer"
        onSubmit={reply}
      />
      <div className="buttons">
        <button type="button" className="button quiet" onClick={skip}>
          Skip this question
        </button>
      </div>
    </fieldset>
  );
}
