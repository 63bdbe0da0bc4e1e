/**
 * The layers of the project as arrows, checked on every import in src/ and webview-ui/: static, type-only, dynamic,
 * re-exported, `import("…")` types and `require`. The bundles' metafiles are read too, when there are any.
 * A new folder in src/ must be given its place in `mayImport`; that is the moment to think about it.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fromRoot, root } from "../../scripts/paths.ts";
import { type ImportStatement, readImports } from "../support/imports.ts";

const LOW = ["base", "protocol", "ports"];
const OPERATIONS = ["workspace", "terminals", "scripting"];

/** What each folder of src/ may import, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  protocol: ["base"],
  ports: ["base", "protocol"],
  workspace: LOW,
  terminals: LOW,
  scripting: LOW,
  providers: LOW,
  tools: [...LOW, ...OPERATIONS],
  runtime: [...LOW, ...OPERATIONS, "tools"],
  node: [...LOW, ...OPERATIONS],
  "pty-host": [...LOW, "terminals", "node"],
  embed: [...LOW, ...OPERATIONS, "tools", "runtime", "providers", "node"],
  cli: [...LOW, ...OPERATIONS, "tools", "runtime", "providers", "node", "embed"],
  host: [...LOW, ...OPERATIONS, "tools", "runtime", "providers", "node", "embed"],
};

/** The composition root may see everything; nothing may see it. */
const ROOT_FILE = "src/extension.ts";
const NODE_FREE = ["protocol"];

const sources = globSync(["src/**/*.{ts,tsx}", "webview-ui/**/*.{ts,tsx}"], { cwd: root })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => !file.includes("node_modules"))
  .sort();
const imports: ImportStatement[] = sources.flatMap((file) => readImports(file, readFileSync(fromRoot(file), "utf8")));

/** The folder of src/ a file belongs to, `extension` for the composition root, undefined outside src/. */
function layerOf(file: string): string | undefined {
  if (file === ROOT_FILE) return "extension";
  const [top, folder, rest] = file.split("/");
  return top === "src" ? (rest === undefined ? `src/${folder}` : folder) : undefined;
}

function targetOf({ file, specifier }: ImportStatement): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, resolve(root, dirname(file), specifier))
    .split(sep)
    .join("/");
}

const describeImport = ({ file, line, specifier }: ImportStatement): string => `${file}:${line} imports ${specifier}`;

describe("architecture", () => {
  it("knows every folder of src", () => {
    const folders = new Set(sources.flatMap((file) => layerOf(file) ?? []));
    folders.delete("extension");
    const unknown = [...folders].filter((folder) => !(folder in mayImport));
    assert.deepEqual(unknown, []);
  });

  it("has only arrows that go one way", () => {
    const wrong = imports.filter((entry) => {
      const target = targetOf(entry);
      const from = layerOf(entry.file);
      const to = target === undefined ? undefined : layerOf(target);
      if (from === undefined || from === "extension" || to === undefined || to === from) return false;
      return !mayImport[from]?.includes(to);
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it("lets the panel read what the protocol says without the library that checks it", () => {
    const seen = new Set(["webview-ui/src/main.tsx"]);
    const packages = new Map<string, string>();
    for (const file of seen) {
      for (const entry of imports.filter((other) => other.file === file && !other.typeOnly)) {
        const target = targetOf(entry);
        if (target === undefined) packages.set(entry.specifier, describeImport(entry));
        else seen.add(target);
      }
    }
    assert.ok(packages.has("react"), "the panel was not found");
    assert.equal(packages.get("zod"), undefined);
  });

  it("imports files that exist, by their whole name", () => {
    const missing = imports.filter((entry) => {
      const target = targetOf(entry);
      return target !== undefined && !existsSync(join(root, target));
    });
    assert.deepEqual(missing.map(describeImport), []);
  });

  it("keeps src apart from webview, tests and scripts", () => {
    const wrong = imports.filter((entry) => {
      const target = targetOf(entry);
      return entry.file.startsWith("src/") && target !== undefined && !/^(src\/|package\.json$)/.test(target);
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it("gives the webview src/protocol and nothing else of src", () => {
    const wrong = imports.filter((entry) => {
      const target = targetOf(entry) ?? "";
      return entry.file.startsWith("webview-ui/src/") && !/^(webview-ui|src\/protocol)\//.test(target) && target !== "";
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it("imports vscode as a value in src/host and the composition root only", () => {
    const wrong = imports.filter(
      ({ file, specifier, typeOnly }) =>
        specifier === "vscode" && !typeOnly && !file.startsWith("src/host/") && file !== ROOT_FILE,
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it("runs src/protocol and the webview without Node", () => {
    const wrong = imports.filter(
      ({ file, specifier, typeOnly }) =>
        specifier.startsWith("node:") &&
        !typeOnly &&
        (file.startsWith("webview-ui/src/") || NODE_FREE.includes(layerOf(file) ?? "")),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it("uses only packages that package.json names", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(fromRoot("package.json"), "utf8"));
    const named = new Set(["vscode", ...Object.keys(dependencies), ...Object.keys(devDependencies)]);
    const wrong = imports.filter(({ specifier }) => {
      if (/^(\.|node:)/.test(specifier)) return false;
      const packageName = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      return !named.has(packageName);
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });
});

interface Metafile {
  outputs: Record<string, { bytes: number; entryPoint?: string; imports: { path: string; kind: string }[] }>;
}

/** What the extension may load before somebody uses it: SDKs, engines and highlighters are dynamic imports. */
const ACTIVATION_BYTES = 400_000;

describe("architecture of the bundles", () => {
  let outputs: Metafile["outputs"];

  before(function () {
    const file = fromRoot("dist/meta/node.json");
    // `npm test` builds first; a unit test run by itself does not depend on a build.
    if (!existsSync(file)) this.skip();
    outputs = (JSON.parse(readFileSync(file, "utf8")) as Metafile).outputs;
  });

  it("reaches vscode from the extension's entry only", () => {
    const wrong = Object.entries(outputs)
      .filter(([path, { entryPoint }]) => entryPoint !== ROOT_FILE && /^dist\/[^/]+\.js$/.test(path))
      .filter(([path]) => reach(outputs, path).has("vscode"))
      .map(([path]) => path);
    assert.deepEqual(wrong, []);
  });

  it(`loads at most ${ACTIVATION_BYTES} bytes when the extension is activated`, function () {
    if (!outputs["dist/extension.js"]) this.skip();
    const files = [...reach(outputs, "dist/extension.js", "import-statement")].flatMap((path) => {
      const bytes = outputs[path]?.bytes;
      return bytes === undefined ? [] : [{ path, bytes }];
    });
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const largest = files.sort((a, b) => b.bytes - a.bytes).slice(0, 5);
    assert.ok(total <= ACTIVATION_BYTES, `${total} bytes, most of them in ${JSON.stringify(largest)}`);
  });
});

/** Everything an output loads, itself and external packages included: all, or only through one kind of import. */
function reach(outputs: Metafile["outputs"], start: string, kind?: string): Set<string> {
  const seen = new Set<string>();
  const queue = [start];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const next of outputs[path]?.imports ?? []) if (!kind || next.kind === kind) queue.push(next.path);
  }
  return seen;
}
