// Bundles everything that ships: `node esbuild.mjs [--watch] [--production]`.
// Node side: one run with splitting, so that the extension, the CLI and the runtime share chunks and the SDKs
// (dynamic imports) load on first use. Browser side: the webview with lazy language chunks.
// dist/meta/*.json are the metafiles which test/unit/architecture.test.ts reads; they do not ship.
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const flags = new Set(process.argv.slice(2));
const watch = flags.has("--watch");
const production = flags.has("--production");
const dist = join(root, "dist");

/** Bundled CommonJS packages still call `require` for Node's own modules; ES modules have none. */
const requireBanner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** @type {Record<string, string>} output name → source */
const nodeEntries = {
  extension: "src/extension.ts",
  cli: "src/cli/main.ts",
  runtime: "src/embed/index.ts",
};
/** What the process of a Python interpreter runs: self-contained, because it may read its own folder only. */
const pythonEntries = { main: "src/scripting/python/child/main.ts", worker: "src/scripting/python/child/worker.ts" };
const pyodide = "node_modules/pyodide";
const pythonFiles = [
  "src/scripting/python/child/prelude.py",
  ...["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"].map(
    (name) => `${pyodide}/${name}`,
  ),
];
const webviewEntries = { start: "webview-ui/src/start.ts", main: "webview-ui/src/main.tsx" };

/** Puts files beside the bundles, unless they are there already. */
function copies(folder, files) {
  return {
    name: "copies",
    setup(build) {
      build.onEnd(async () => {
        await mkdir(join(dist, folder), { recursive: true });
        for (const file of files) {
          const [from, to] = [join(root, file), join(dist, folder, basename(file))];
          const [source, copy] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
          if (copy?.size !== source.size || copy.mtimeMs < source.mtimeMs) await copyFile(from, to);
        }
      });
    },
  };
}

/** Prints `build started` / `build finished`, which the watch task's problem matcher looks for. */
function reporter(name, folder, copied = []) {
  return {
    name: "reporter",
    setup(build) {
      let startedAt = 0;
      build.onStart(() => {
        startedAt = Date.now();
        if (watch) console.log(`[${name}] build started`);
      });
      build.onEnd(async (result) => {
        for (const { text, location } of result.errors) {
          console.error(`✘ [ERROR] ${text}`);
          if (location) console.error(`    ${location.file}:${location.line}:${location.column + 1}:`);
        }
        if (result.metafile) {
          const kept = copied.map((file) => `dist/${folder}/${basename(file)}`);
          await removeStale(folder, [...Object.keys(result.metafile.outputs), ...kept]);
          await mkdir(join(dist, "meta"), { recursive: true });
          await writeFile(join(dist, "meta", `${name}.json`), JSON.stringify(result.metafile));
        }
        if (result.errors.length === 0 && existsSync(join(dist, "cli.js"))) await chmod(join(dist, "cli.js"), 0o755);
        console.log(`[${name}] build finished, ${result.errors.length} errors, ${Date.now() - startedAt} ms`);
      });
    },
  };
}

/** Hashed files of earlier builds would ship. Removed after a build, so that a failed one leaves the last good one whole. */
async function removeStale(folder, outputs) {
  const current = new Set(outputs);
  const present = await readdir(join(dist, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of present) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !current.has(relative(root, file).split(sep).join("/"))) await rm(file, { force: true });
  }
}

/** The code asks package.json for its version; the rest of the manifest has no place in a bundle. */
const manifestVersionOnly = {
  name: "manifest-version-only",
  setup(build) {
    build.onLoad({ filter: /package\.json$/ }, async ({ path }) => {
      if (path !== join(root, "package.json")) return undefined;
      const { name, version } = JSON.parse(await readFile(path, "utf8"));
      return { contents: JSON.stringify({ name, version }), loader: "json", watchFiles: [path] };
    });
  },
};

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  splitting: true,
  metafile: true,
  charset: "utf8",
  legalComments: "none",
  minify: production,
  // For debuggers; neither the VSIX nor the npm package takes them along.
  sourcemap: "linked",
  logLevel: "silent",
};

/** @type {import("esbuild").BuildOptions} */
const nodeBuild = {
  ...common,
  entryPoints: nodeEntries,
  outdir: dist,
  chunkNames: "chunks/[name]-[hash]",
  platform: "node",
  target: "node22",
  // Packages that offer both get their ES module, which splits and tree-shakes.
  mainFields: ["module", "main"],
  conditions: ["module", "import", "node"],
  external: ["vscode", "node-pty", "@vscode/ripgrep"],
  banner: { js: requireBanner },
  plugins: [reporter("node", "chunks"), manifestVersionOnly],
};

/**
 * A process that is started while somebody waits: one file, and nothing in it that terminals do not need.
 * @type {import("esbuild").BuildOptions}
 */
const ptyHostBuild = {
  ...nodeBuild,
  splitting: false,
  entryPoints: { "pty-host": "src/pty-host/main.ts" },
  plugins: [reporter("pty-host", "pty-host")],
};

/** @type {import("esbuild").BuildOptions} */
const pythonBuild = {
  ...common,
  splitting: false,
  entryPoints: pythonEntries,
  outdir: join(dist, "python"),
  // Read as a module without a look for a package.json around it.
  outExtension: { ".js": ".mjs" },
  platform: "node",
  target: "node22",
  plugins: [reporter("python", "python", pythonFiles), copies("python", pythonFiles)],
};

/** @type {import("esbuild").BuildOptions} */
const webviewBuild = {
  ...common,
  entryPoints: webviewEntries,
  outdir: join(dist, "webview"),
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "[name]",
  platform: "browser",
  // The Chromium of the oldest supported VS Code (1.106: Electron 37).
  target: "chrome138",
  minify: true,
  jsx: "automatic",
  jsxDev: false,
  loader: { ".ttf": "file", ".woff2": "file", ".svg": "file" },
  define: { "process.env.NODE_ENV": production || !watch ? '"production"' : '"development"' },
  plugins: [reporter("webview", "webview")],
};

const builds = [nodeBuild, ptyHostBuild, pythonBuild, webviewBuild];

if (watch) {
  for (const options of builds) await (await context(options)).watch();
} else {
  const results = await Promise.allSettled(builds.map((options) => build(options)));
  if (results.some(({ status }) => status === "rejected")) process.exitCode = 1;
}
