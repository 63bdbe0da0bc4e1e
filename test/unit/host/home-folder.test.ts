/** Which of several folders a new task works in. */
import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app-error.ts";
import { HomeFolder, type OpenFolder } from "../../../src/host/sessions/home-folder.ts";
import { silentLog } from "../../../src/ports/log.ts";

const a: OpenFolder = { name: "a", path: "/a" };
const b: OpenFolder = { name: "b", path: "/b" };

function homeFolder(
  open: readonly OpenFolder[],
  options: { kept?: unknown; active?: string; answer?: OpenFolder } = {},
) {
  const window = { open, asked: [] as OpenFolder[], written: [] as string[], answer: options.answer };
  const home = new HomeFolder({
    folders: () => window.open,
    activeFolder: () => options.active,
    pick: async (_folders, preselected) => {
      window.asked.push(preselected);
      return window.answer;
    },
    kept: { read: () => options.kept, write: (path) => window.written.push(path) },
    log: silentLog,
  });
  return { home, window };
}

describe("the home of new tasks", () => {
  it("is the only folder, without a question", async () => {
    const { home, window } = homeFolder([a]);
    assert.equal(home.current, a);
    assert.equal(await home.forNewTask(), a);
    assert.deepEqual(window.asked, []);
  });

  it("is asked for once among several, with the active file's folder preselected", async () => {
    const { home, window } = homeFolder([a, b], { active: "/b", answer: a });
    assert.equal(home.current, null);
    const [first, second] = await Promise.all([home.forNewTask(), home.forNewTask()]);
    assert.deepEqual([first, second], [a, a]);
    assert.equal(await home.forNewTask(), a);
    assert.deepEqual(window.asked, [b]);
    assert.deepEqual(window.written, ["/a"]);
  });

  it("stays undecided when the person dismisses", async () => {
    const { home, window } = homeFolder([a, b]);
    assert.equal(await home.forNewTask(), null);
    assert.equal(home.current, null);
    window.answer = b;
    assert.equal(await home.forNewTask(), b);
  });

  it("is what was chosen before, as long as that folder is open", async () => {
    const { home, window } = homeFolder([a, b], { kept: "/b", answer: a });
    assert.equal(await home.forNewTask(), b);
    window.open = [a, { name: "c", path: "/c" }];
    assert.equal(home.current, null);
    assert.equal(await home.forNewTask(), a);
  });

  it("can be changed, which is told", async () => {
    const { home, window } = homeFolder([a, b], { kept: "/a", answer: b });
    const told: OpenFolder[] = [];
    home.onDidChange((folder) => told.push(folder));
    await home.choose();
    assert.deepEqual(window.asked, [a]);
    assert.deepEqual(told, [b]);
    assert.equal(home.current, b);
  });

  it("can not be had without a folder", async () => {
    const { home } = homeFolder([]);
    await assert.rejects(home.forNewTask(), (error) => AppError.is(error, "usage"));
  });
});
