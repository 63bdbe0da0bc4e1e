/** The pickers around the panel: scene, theme, width and speed, all in the address so that a view can be shared. */
import { scenes } from "./scenes/index.ts";

const form = document.getElementById("pickers") as HTMLFormElement;
const panel = document.getElementById("panel") as HTMLIFrameElement;
const choices: Record<string, readonly string[]> = {
  scene: Object.keys(scenes),
  theme: (form.dataset.themes ?? "").split(" "),
  width: ["380", "260", "600", "1100"],
  speed: ["1", "4", "0.25", "instant"],
};

const address = new URLSearchParams(location.search);
for (const [name, values] of Object.entries(choices)) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.name = name;
  for (const value of values) select.append(new Option(value, value, false, value === address.get(name)));
  label.append(`${name} `, select);
  form.append(label);
}

function show(): void {
  const chosen = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  history.replaceState(null, "", `?${chosen}`);
  panel.style.width = `${chosen.get("width")}px`;
  panel.src = `/panel?${chosen}`;
}

form.addEventListener("change", show);
show();
