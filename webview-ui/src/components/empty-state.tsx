/** Before the first task: three tasks to begin with, or the way to a model that works. */
import type { NoticeEntry } from "../../../src/protocol/state.ts";
import type { SessionSummary } from "../../../src/protocol/webview.ts";
import { formatWhen } from "../logic/format.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon } from "./icon.tsx";
import { Notice } from "./notice.tsx";

const examples = [
  { icon: "compass", text: "Explain how this project is built and where to start reading" },
  { icon: "beaker", text: "Run the tests and fix what fails" },
  { icon: "checklist", text: "Find the function that most needs a test and write one for it" },
];

const noSessions: readonly SessionSummary[] = [];

/** `notices`: of a session that has been opened and has no task yet. */
export function EmptyState({ notices }: { notices: readonly NoticeEntry[] }) {
  const panel = usePanel();
  const environment = usePanelState((state) => state.environment);
  if (!environment) return <div className="empty" />;
  const start = (text: string): void => {
    // The second half of a double click is no second task.
    if (!panel.store.getState().starting) panel.start({ text });
  };
  const { modelReady, folders, trusted } = environment;
  return (
    <div className="empty">
      <div className="empty-inner">
        {notices.map((notice) => (
          <Notice key={keyOf(notice)} rowKey={keyOf(notice)} notice={notice} />
        ))}
        <h2>What should be done?</h2>
        <p className="lead">
          CodePilot reads, edits and runs things in {folders.length > 0 ? <Folders /> : "your folder"}. It asks before
          every change and every command.
        </p>
        {!trusted && (
          <p className="hint">
            <Icon name="shield" />
            <span>This workspace is not trusted, so only reading is possible. Trust it to allow changes.</span>
          </p>
        )}
        {folders.length === 0 && (
          <p className="hint">
            <Icon name="folder" />
            <span>No folder is open. Open one, so that there is something to work on.</span>
          </p>
        )}
        {modelReady ? (
          <ul className="examples" aria-label="Example tasks">
            {examples.map(({ icon, text }) => (
              <li key={text}>
                <button type="button" onClick={() => start(text)}>
                  <Icon name={icon} />
                  <span>{text}</span>
                </button>
              </li>
            ))}
          </ul>
        ) : (
          <NoModel problem={environment.modelProblem} />
        )}
        <Recent />
      </div>
    </div>
  );
}

function keyOf({ code, message }: NoticeEntry): string {
  return `early:${code}:${message}`;
}

function Folders() {
  const folders = usePanelState((state) => state.environment?.folders ?? []);
  return (
    <>
      {folders.map((folder, index) => (
        <span key={folder.path}>
          {index > 0 && (index === folders.length - 1 ? " and " : ", ")}
          <strong title={folder.path}>{folder.name}</strong>
        </span>
      ))}
    </>
  );
}

function NoModel({ problem }: { problem: string | null }) {
  const { post } = usePanel();
  return (
    <div className="no-model">
      <p>
        <Icon name="key" />
        <span>{problem ?? "The selected model has no API key yet."}</span>
      </p>
      <div className="buttons">
        <button type="button" className="button" onClick={() => post({ type: "key.set" })}>
          Set API key
        </button>
        <button type="button" className="button secondary" onClick={() => post({ type: "model.pick" })}>
          Select a model
        </button>
      </div>
      <p className="meta">
        A model on your own machine (Ollama) or the scripted demo needs no key; both are in the list of models.
      </p>
    </div>
  );
}

const phaseWords = { running: "working", "needs-you": "waiting for you", interrupted: "interrupted", idle: "" };

function Recent() {
  const panel = usePanel();
  const recent = usePanelState((state) => state.environment?.recent ?? noSessions);
  if (recent.length === 0) return null;
  const now = Date.now();
  return (
    <section className="recent" aria-labelledby="recent">
      <h3 id="recent">Recent sessions</h3>
      <ul>
        {recent.map((session) => (
          <li key={session.sessionId}>
            <button type="button" onClick={() => panel.post({ type: "session.open", sessionId: session.sessionId })}>
              <span className="clip">{session.title || "Untitled"}</span>
              <span className="meta">
                {phaseWords[session.phase] && <em>{phaseWords[session.phase]}</em>}
                {formatWhen(session.updatedAt, now)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
