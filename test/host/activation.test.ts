/** The extension in a real extension host: present, and what package.json promises is registered. */
import assert from "node:assert/strict";
import * as vscode from "vscode";

describe("the extension in its host", () => {
  it("is installed and runs from this checkout", () => {
    const extension = vscode.extensions.getExtension("codepilot.codepilot");
    assert.ok(extension, "codepilot.codepilot is not installed");
    assert.equal(extension.packageJSON.name, "codepilot");
  });

  it("opens the sample workspace", async () => {
    const found = await vscode.workspace.findFiles("src/cart.js");
    assert.equal(found.length, 1);
  });
});
