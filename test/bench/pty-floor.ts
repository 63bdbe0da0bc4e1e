/** The floor for floods: node-pty alone, reading and forgetting. */
import { spawn } from "node-pty";

const pty = spawn("bash", ["--norc", "-c", process.argv[2] ?? "true"], { cols: 120, rows: 30 });
let characters = 0;
pty.onData((data) => {
  characters += data.length;
});
pty.onExit(() => {
  process.stdout.write(`${characters}\n`);
  process.exit(0);
});
