// Loaded into measured processes: says on descriptor 3 what the process has used, at its very end.
process.on("exit", () => {
  try {
    require("node:fs").writeSync(3, JSON.stringify(process.resourceUsage()));
  } catch {
    // Nobody listens there in a child of the measured process.
  }
});
