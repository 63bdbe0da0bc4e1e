/**
 * The floor for floods: node-pty alone, reading and forgetting. With a file as second argument it keeps the whole
 * output there, as a terminal of ours does, and does nothing else.
 */
import { createWriteStream } from "node:fs";
import { spawn } from "node-pty";

const gatheredChars = 262_144;

const [command = "true", file] = process.argv.slice(2);
const kept = file === undefined ? null : createWriteStream(file, { highWaterMark: 8_388_608 });
const pty = spawn("bash", ["--norc", "-c", command], { cols: 120, rows: 30 });
let characters = 0;
let gathered: string[] = [];
let gatheredSize = 0;
pty.onData((data) => {
  characters += data.length;
  if (kept === null) return;
  gathered.push(data);
  gatheredSize += data.length;
  if (gatheredSize < gatheredChars) return;
  kept.write(gathered.join(""));
  gathered = [];
  gatheredSize = 0;
});
pty.onExit(() => {
  const end = () => {
    process.stdout.write(`${characters}\n`);
    process.exit(0);
  };
  if (kept === null) end();
  else kept.end(gathered.join(""), end);
});
