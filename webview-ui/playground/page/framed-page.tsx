/**
 * The panel in a frame and its host outside of it, as in VS Code. The host is ready before the panel is opened, so that a
 * measurement from `openPanel()` on is one of the panel alone.
 */
import { fakeHost } from "./fake-host.ts";
import { scenes } from "./scenes/index.ts";

const address = new URLSearchParams(location.search);
const scene = scenes[address.get("scene") ?? ""];
if (!scene) throw new Error("No such scene");

let frame: HTMLIFrameElement | undefined;
const api = fakeHost(scene, {
  speed: Number.POSITIVE_INFINITY,
  panel: () => frame?.contentWindow ?? window,
});
window.addEventListener("message", ({ source, data }) => {
  if (frame && source === frame.contentWindow) api.postMessage(data);
});

function openPanel(): number {
  frame?.remove();
  frame = document.createElement("iframe");
  frame.title = "Panel";
  frame.src = `/panel?framed=1&theme=${address.get("theme") ?? "dark-modern"}`;
  frame.width = "420";
  frame.height = "800";
  const openedAt = performance.timeOrigin + performance.now();
  document.body.append(frame);
  return openedAt;
}

Object.assign(globalThis, { openPanel });
