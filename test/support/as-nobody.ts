/** Runs code without the rights of root, to which no permission of a file means anything. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const NOBODY = 65_534;

/** Runs an ES module in a process of its own and gives what it printed. */
export async function asNobody(source: string): Promise<string> {
  // Set in the child after its start, so that it can still load everything: a checkout may be readable to root only.
  const drop = `
    if (process.getuid() === 0) {
      process.setgroups([]);
      process.setgid(${NOBODY});
      process.setuid(${NOBODY});
    }`;
  const imports = [...source.matchAll(/await import\((".*?")\)/g)].map(([, url]) => `await import(${url});`);
  const program = `${imports.join("\n")}\n${drop}\n${source}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return stdout;
}
