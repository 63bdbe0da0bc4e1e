/** The reader behind the architecture test: what it must find, and what only looks like an import. */
import assert from "node:assert/strict";
import { readImports } from "../../support/imports.ts";

const read = (source: string): string[] =>
  readImports("f.ts", source).map(({ specifier, typeOnly }) => `${typeOnly ? "type " : ""}${specifier}`);

describe("readImports", () => {
  it("finds every form of a static import", () => {
    assert.deepEqual(
      read(`import "a"; import b from "b"; import * as c from 'c';
import { d, type D, x as default } from "d"
import e, { f } from "e";`),
      ["a", "b", "c", "d", "e"],
    );
  });

  it("marks what is only a type", () => {
    assert.deepEqual(
      read(`import type { A } from "a"; export type { B } from "b"; import type C from "c"; import type from "d";
let x: Promise<import("e").E>; type F = typeof import("f"); type G<T> = import("g").G;`),
      ["type a", "type b", "type c", "d", "type e", "type f", "type g"],
    );
  });

  it("finds re-exports, dynamic imports and require", () => {
    assert.deepEqual(
      read(`export * from "a"; export * as n from "b"; export { x } from "c"; export { default as y } from "c2";
const d = await import("d"); const e = require("e"); const f = () => import( /* lazy */ "f");`),
      ["a", "b", "c", "c2", "d", "e", "f"],
    );
  });

  it("is not misled by comments, strings, templates and regular expressions", () => {
    assert.deepEqual(
      read(`// import "a"
/* import "b" */ const s = "import 'c'"; const t = \`import "d" \${await import("e")} import "f"\`;
const r = /import "g"/; const q = a / b; import("h"); const o = { import: 1 }; meta.import("i"); export const from = "j";
export function k() { return from("l"); }`),
      ["e", "h"],
    );
  });

  it("reads on after JSX text with an apostrophe", () => {
    assert.deepEqual(read(`const a = <p>don't</p>;\nconst b = import("b");`), ["b"]);
  });

  it("names the line", () => {
    assert.equal(readImports("f.ts", `\n\n/* \n */ import "a";`)[0]?.line, 4);
  });
});
