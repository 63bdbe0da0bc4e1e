/**
 * Rules about the repository itself: file sizes, leftovers, and that a clone needs nothing outside itself.
 * What is not committed yet is seen as well.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { missingEntries } from "../../scripts/complete-lockfile.ts";
import { fromRoot, root } from "../../scripts/paths.ts";

const LONGEST = 600;
const WORTH_A_LOOK = 400;

const files = listFiles().filter((file) => existsSync(fromRoot(file)));
const code = files.filter(
  (file) => /^(src|webview-ui|test|scripts)\/.*\.(tsx?|mjs|css)$/.test(file) && !file.startsWith("test/fixtures/"),
);
const read = (file: string): string => readFileSync(fromRoot(file), "utf8");

function listFiles(): string[] {
  try {
    const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
    return execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
  } catch {
    // An exported copy without a repository.
    const folders = "{src,webview-ui,test,scripts,media,.ci,.vscode}";
    return globSync([`${folders}/**/*.*`, "*.*"], { cwd: root }).map((file) => file.replaceAll("\\", "/"));
  }
}

describe("repository", () => {
  it(`has no source file above ${LONGEST} lines`, () => {
    const sizes = code
      .map((file) => ({ file, lines: read(file).split("\n").length }))
      .sort((a, b) => b.lines - a.lines);
    const large = sizes.filter(({ lines }) => lines > WORTH_A_LOOK);
    if (large.length > 0)
      console.log(`    above ${WORTH_A_LOOK} lines: ${large.map(({ file, lines }) => `${file} ${lines}`).join(", ")}`);
    assert.deepEqual(
      sizes.filter(({ lines }) => lines > LONGEST),
      [],
    );
  });

  it("has no leftovers in src", () => {
    const pattern = /\b(TODO|FIXME|XXX|HACK)\b/;
    const found = code
      .filter((file) => /^(src|webview-ui)\//.test(file))
      .flatMap((file) =>
        read(file)
          .split("\n")
          .flatMap((line, n) => (pattern.test(line) ? [`${file}:${n + 1}`] : [])),
      );
    assert.deepEqual(found, []);
  });

  it("names files after what is in them", () => {
    assert.deepEqual(
      code.filter((file) => /^(utils?|helpers?|misc|common|manager)\.[tj]sx?$/.test(basename(file))),
      [],
    );
  });

  it("says at the top of each source file what it is for", () => {
    // A test is named after what it tests, a component after what it shows.
    const silent = code
      .filter((file) => /^(src|scripts|test\/support)\//.test(file))
      .filter((file) => !/^\s*(\/\*|\/\/)/m.test(read(file).split("\n").slice(0, 20).join("\n")));
    assert.deepEqual(silent, []);
  });

  it("depends on nothing outside the checkout", () => {
    // Spelled in two halves, so that this file does not find itself.
    const outside = new RegExp(["/work" + "/(main|shared|\\.)", "\\.\\./" + "shared/", "/root" + "/"].join("|"));
    const found = files
      .filter(
        (file) =>
          /\.(ts|tsx|mjs|js|json|jsonc|ya?ml|sh|css|md)$|^\.ci\//.test(file) && !file.startsWith("test/fixtures/"),
      )
      .filter((file) => outside.test(read(file)));
    assert.deepEqual(found, []);
  });

  it("has a lockfile that matches package.json and names no package host", () => {
    const lock = JSON.parse(read("package-lock.json"));
    const manifest = JSON.parse(read("package.json"));
    for (const key of ["dependencies", "devDependencies"]) assert.deepEqual(lock.packages[""][key], manifest[key], key);
    const resolved = Object.values(lock.packages as Record<string, { resolved?: string }>).flatMap(({ resolved }) =>
      resolved?.startsWith("http") ? [resolved] : [],
    );
    assert.deepEqual(resolved, []);
  });

  it("has a lockfile that npm ci takes on every platform", () => {
    const missing = missingEntries(JSON.parse(read("package-lock.json")).packages);
    assert.deepEqual(Object.keys(missing), [], "run `npm run lock`");
  });

  it("pins every dependency", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json"));
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, range]) => !/^(\d|file:)/.test(String(range)),
    );
    assert.deepEqual(loose, []);
  });

  it("keeps @types/vscode no newer than the oldest supported VS Code", () => {
    const { engines, devDependencies } = JSON.parse(read("package.json"));
    const minor = (range: string): number => Number(range.replace(/^\D*/, "").split(".")[1]);
    assert.ok(minor(devDependencies["@types/vscode"]) <= minor(engines.vscode));
  });

  it("has npm scripts whose files exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const missing = Object.entries(scripts).flatMap(([name, command]) =>
      [...command.matchAll(/\b[\w./-]+\.(?:ts|mjs)\b/g)]
        .filter(([file]) => !existsSync(fromRoot(file)))
        .map(([file]) => `${name}: ${file}`),
    );
    assert.deepEqual(missing, []);
  });
});
