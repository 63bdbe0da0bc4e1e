/** Bodies made of remembered pieces say to the byte what `JSON.stringify` says. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonBody } from "../../../src/providers/json-body.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

describe("request bodies as bytes", () => {
  it("say what JSON.stringify says, first and again", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constant(undefined),
      fc.array(fc.option(fc.jsonValue(), { nil: undefined })),
    );
    const name = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (body) => {
        const json = new JsonBody();
        assert.equal(textOf(json.encode(body)), JSON.stringify(body));
        assert.equal(textOf(json.encode(body)), JSON.stringify(body));
      }),
    );
  });

  it("say it for a list that grows, is cut and starts anew", () => {
    const element = fc.record({ text: fc.string({ unit: "binary" }), n: fc.integer() });
    fc.assert(
      fc.property(fc.array(element), fc.array(fc.nat(20)), (elements, lengths) => {
        const json = new JsonBody();
        for (const length of lengths) {
          const body = { model: "m", input: elements.slice(length % 3, length), stream: true };
          assert.equal(textOf(json.encode(body)), JSON.stringify(body));
        }
      }),
    );
  });

  it("write an element once", () => {
    let written = 0;
    const element = {
      get text() {
        written += 1;
        return "long";
      },
    };
    const json = new JsonBody();
    for (let round = 0; round < 3; round += 1) json.encode({ input: [element, { round }] });
    assert.equal(written, 1);
  });
});
