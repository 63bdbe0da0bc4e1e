/** The panel. The host's page gives it `#root`, main.css, start.js, which has said `ready`, and this script. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@vscode/codicons/dist/codicon.css";
import "./styles/theme.css";
import "./styles/frame.css";
import "./styles/timeline.css";
import "./styles/tools.css";
import "./styles/coloured-text.css";
import "./styles/markdown.css";
import "./styles/program.css";
import "./styles/composer.css";
import { App } from "./app.tsx";
import { vscodeBridge } from "./bridge.ts";
import { ErrorBoundary } from "./components/error-boundary.tsx";
import { pageClock } from "./page-clock.ts";
import { createPanel, PanelContext } from "./store.ts";

const bridge = vscodeBridge();
const panel = createPanel(bridge, pageClock);
window.addEventListener("error", (event) => bridge.post({ type: "view.failed", message: String(event.message) }));

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <ErrorBoundary post={bridge.post}>
      <PanelContext value={panel}>
        <App />
      </PanelContext>
    </ErrorBoundary>
  </StrictMode>,
);
