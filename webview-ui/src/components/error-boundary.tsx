import { Component, type ReactNode } from "react";
import type { Bridge } from "../bridge.ts";

interface Props {
  post: Bridge["post"];
  children: ReactNode;
}

/** The last resort: a defect of the panel costs the panel, never the session, which lives in the extension host. */
export class ErrorBoundary extends Component<Props, { message: string | null }> {
  override state: { message: string | null } = { message: null };

  static getDerivedStateFromError(error: unknown): { message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override componentDidCatch(error: unknown, info: { componentStack?: string | null }): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.props.post({ type: "view.failed", message: `${text}\n${info.componentStack ?? ""}`.slice(0, 10_000) });
  }

  override render(): ReactNode {
    const { message } = this.state;
    if (message === null) return this.props.children;
    return (
      <div className="broken" role="alert">
        <h1>The panel ran into a defect</h1>
        <p>Your session goes on and nothing is lost; only its view stopped.</p>
        <pre className="output">{message}</pre>
        <div className="buttons">
          <button type="button" className="button" onClick={() => this.reload()}>
            Reload panel
          </button>
          <button type="button" className="button secondary" onClick={() => this.props.post({ type: "log.open" })}>
            Open log
          </button>
        </div>
      </div>
    );
  }

  reload(): void {
    this.setState({ message: null });
    this.props.post({ type: "ready" });
  }
}
