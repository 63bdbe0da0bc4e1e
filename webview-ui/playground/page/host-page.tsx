/** Runs before the panel's own script and takes the place of VS Code. */
import { fakeHost } from "./fake-host.ts";
import { scenes } from "./scenes/index.ts";

const address = new URLSearchParams(location.search);
const scene = scenes[address.get("scene") ?? ""] ?? scenes.empty;
const speed = address.get("speed") ?? "1";
if (scene) {
  const api = fakeHost(scene, {
    speed: speed === "instant" ? Number.POSITIVE_INFINITY : Number(speed),
    answerMs: Number(address.get("answer") ?? 30),
  });
  Object.assign(globalThis, { acquireVsCodeApi: () => api });
}
