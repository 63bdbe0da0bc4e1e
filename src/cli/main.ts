/**
 * The entry of the `codepilot` command, for any Node. Everything else is imported only after a look at its version:
 * an old one fails while it links modules, and prints a line of the bundle instead of the reason.
 */
const NEEDED = "22.13";

if (isAtLeast(process.versions.node, NEEDED)) {
  const { main } = await import("./command.ts");
  // An explicit end: an idle connection of an SDK must not keep a finished command alive.
  process.exit(await main());
} else {
  process.stderr.write(
    `codepilot: Node ${NEEDED} or newer is needed, and this is ${process.versions.node}\n` +
      "  In a checkout `node scripts/node.mjs dist/cli.js` runs it with the Node that came with the dependencies.\n",
  );
  // As after any other wrong call.
  process.exit(2);
}

function isAtLeast(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}
