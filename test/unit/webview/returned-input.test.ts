/** What the host could not take goes back to the composer. */
import assert from "node:assert/strict";
import { nothingShown, takeIn } from "../../../webview-ui/src/logic/intake.ts";
import { withReturned } from "../../../webview-ui/src/logic/returned-input.ts";

const first = { mediaType: "image/png", data: "1" };
const second = { mediaType: "image/png", data: "2" };

describe("returned input", () => {
  it("keeps all of what comes back in one frame, and why", () => {
    const { shown, returned } = takeIn(nothingShown, [
      { type: "input.returned", input: { text: "one" } },
      { type: "failed", message: "The disk is full." },
      { type: "input.returned", input: { text: "two", images: [first] } },
    ]);
    assert.deepEqual(returned, [{ text: "one" }, { text: "two", images: [first] }]);
    assert.equal(shown.failure, "The disk is full.");
  });

  it("fills an empty composer", () => {
    assert.deepEqual(withReturned({ draft: "", images: [] }, [{ text: "one", images: [first] }]), {
      draft: "one",
      images: [first],
    });
  });

  it("stands in front of what was written since, and takes nothing from it", () => {
    const returned = [{ text: "one", images: [first] }, { text: "two" }];
    assert.deepEqual(withReturned({ draft: "three", images: [second] }, returned), {
      draft: "one\n\ntwo\n\nthree",
      images: [first, second],
    });
    assert.equal(withReturned({ draft: "three", images: [] }, [{ text: "", images: [first] }]).draft, "three");
  });
});
