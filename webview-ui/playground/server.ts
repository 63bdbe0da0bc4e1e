/**
 * Serves the panel alone, under the content security policy it has in VS Code, for the playground and its e2e test.
 * `/` is a frame with pickers around `/panel`; the host is a fake one that runs in the page (page/fake-host.ts).
 * `/framed` has the host outside of the panel's frame.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

export const themes = {
  "dark-modern": "vscode-dark",
  "light-modern": "vscode-light",
  "hc-dark": "vscode-high-contrast",
  "hc-light": "vscode-high-contrast-light vscode-high-contrast",
};

const types: Record<string, string> = {
  ".css": "text/css",
  ".js": "text/javascript",
  ".map": "application/json",
  ".ttf": "font/ttf",
};

export interface Playground {
  readonly url: string;
  close(): Promise<void>;
}

export async function startPlayground(options: { port?: number; watch?: boolean } = {}): Promise<Playground> {
  const out = await mkdtemp(join(tmpdir(), "codepilot-playground-"));
  const bundle: BuildOptions = {
    // As in esbuild.mjs, so that what is seen here is what ships.
    absWorkingDir: dirname(here),
    entryPoints: {
      start: "src/start.ts",
      main: "src/main.tsx",
      host: "playground/page/host-page.tsx",
      frame: "playground/page/frame-page.tsx",
      framed: "playground/page/framed-page.tsx",
      "framed-api": "playground/page/framed-api.tsx",
    },
    outdir: out,
    bundle: true,
    format: "esm",
    splitting: true,
    minify: true,
    sourcemap: options.watch ? "linked" : false,
    chunkNames: "chunks/[name]-[hash]",
    assetNames: "[name]",
    platform: "browser",
    target: "chrome138",
    jsx: "automatic",
    loader: { ".ttf": "file" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  };
  const watching = options.watch ? await context(bundle) : undefined;
  if (watching) {
    await watching.rebuild();
    await watching.watch();
  } else await build(bundle);

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    try {
      if (["/", "/panel", "/framed"].includes(url.pathname)) {
        const nonce = randomBytes(16).toString("base64");
        const panel = url.pathname === "/panel";
        response.setHeader("content-type", "text/html; charset=utf-8");
        response.setHeader("content-security-policy", policy(nonce, panel));
        const { searchParams } = url;
        const host = searchParams.has("framed") ? "framed-api" : "host";
        if (panel) response.end(panelPage(nonce, searchParams.get("theme") ?? "dark-modern", host));
        else response.end(url.pathname === "/" ? framePage(nonce) : framedPage(nonce));
        return;
      }
      const [, first, ...rest] = normalize(url.pathname).split("/");
      const file = first === "themes" ? join(here, "themes", ...rest) : join(out, first ?? "", ...rest);
      const content = await readFile(file);
      response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
      response.end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await watching?.dispose();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(out, { recursive: true, force: true });
    },
  };
}

/** The panel gets the policy of the real page (host/); the frame around it may in addition embed the panel. */
function policy(nonce: string, panel: boolean): string {
  return [
    "default-src 'none'",
    "img-src 'self' data:",
    "font-src 'self'",
    "style-src 'self'",
    `script-src 'nonce-${nonce}'`,
    ...(panel ? [] : ["frame-src 'self'"]),
  ].join("; ");
}

function panelPage(nonce: string, theme: string, host: string): string {
  const known = theme in themes ? (theme as keyof typeof themes) : "dark-modern";
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>CodePilot panel</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/themes/${known}.css">
<link rel="stylesheet" href="/themes/webview-default.css">
<link rel="stylesheet" href="/main.css">
<script type="module" nonce="${nonce}" src="/${host}.js"></script>
<script type="module" nonce="${nonce}" src="/start.js"></script>
<script type="module" nonce="${nonce}" src="/main.js"></script>
</head>
<body class="${themes[known]}"><div id="root"></div></body>
</html>`;
}

function framePage(nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>CodePilot playground</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/themes/frame.css">
<script type="module" nonce="${nonce}" src="/frame.js"></script>
</head>
<body><form id="pickers" data-themes="${Object.keys(themes).join(" ")}"></form><iframe id="panel" title="Panel"></iframe></body>
</html>`;
}

function framedPage(nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>CodePilot panel in a frame</title>
<link rel="icon" href="data:,">
<script type="module" nonce="${nonce}" src="/framed.js"></script>
</head>
<body></body>
</html>`;
}
