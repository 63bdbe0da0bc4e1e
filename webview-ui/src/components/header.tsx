import { usePanel, usePanelState } from "../store.ts";
import { Icon, IconButton } from "./icon.tsx";

/** Where the shown session works, or new ones will; said only where several folders are open. */
function FolderLabel() {
  const { post } = usePanel();
  const folders = usePanelState((state) => state.environment?.folders ?? noFolders);
  const home = usePanelState((state) => state.environment?.home ?? null);
  const cwd = usePanelState((state) => state.session?.cwd ?? null);
  if (folders.length < 2) return null;
  const nameOf = (path: string) => folders.find((folder) => folder.path === path)?.name ?? path;
  if (cwd !== null) {
    return (
      <span className="folder" title={`This session works in ${cwd}`}>
        <Icon name="folder" />
        <span className="clip">{nameOf(cwd)}</span>
      </span>
    );
  }
  const name = home === null ? "Folder…" : nameOf(home);
  return (
    <button
      type="button"
      className="folder"
      aria-label={home === null ? "Choose the folder for new tasks" : `Folder for new tasks: ${name}. Choose another`}
      title={home === null ? "Choose the folder for new tasks" : `New tasks work in ${home}`}
      onClick={() => post({ type: "folder.pick" })}
    >
      <Icon name="folder" />
      <span className="clip">{name}</span>
      <Icon name="chevron-down" />
    </button>
  );
}

const noFolders: readonly { readonly name: string; readonly path: string }[] = [];

export function Header() {
  const { post } = usePanel();
  const title = usePanelState((state) => (state.session ? state.session.title || "New session" : "CodePilot"));
  return (
    <header className="header">
      <h1 className="clip" title={title}>
        {title}
      </h1>
      <FolderLabel />
      <IconButton icon="history" label="Show sessions" onClick={() => post({ type: "session.pick" })} />
      <IconButton icon="add" label="New session" onClick={() => post({ type: "session.new" })} />
    </header>
  );
}

/** On every screen while the scripted model is selected: nobody must take it for an AI. */
export function DemoBanner() {
  const { post } = usePanel();
  const demo = usePanelState((state) => state.environment?.demo ?? false);
  if (!demo) return null;
  return (
    <details className="demo">
      <summary>
        <Icon name="beaker" />
        <span>Demo model: scripted, not an AI</span>
        <Icon name="chevron-right" />
      </summary>
      <p>
        Its words are written in advance. What it does is real: it reads and changes files of this folder and runs
        commands in a terminal, and every permission it asks for is yours to give.
      </p>
      <div className="buttons">
        <button type="button" className="button secondary" onClick={() => post({ type: "model.pick" })}>
          Select a real model
        </button>
        <button type="button" className="button quiet" onClick={() => post({ type: "key.set" })}>
          Set API key
        </button>
      </div>
    </details>
  );
}

export function FailureBar() {
  const panel = usePanel();
  const failure = usePanelState((state) => state.failure);
  if (failure === null) return null;
  return (
    <div className="bar error" role="alert">
      <Icon name="error" />
      <p>{failure}</p>
      <IconButton icon="close" label="Dismiss" onClick={() => panel.set({ failure: null })} />
    </div>
  );
}
