/**
 * `npm run lock`: adds the optional platform packages which npm could not see when it wrote package-lock.json.
 * A package mirror that carries one platform only makes npm leave out the others, and `npm ci` then refuses the
 * lockfile everywhere. The added entries have a version, and os and cpu so that only that platform fetches them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fromRoot } from "./paths.ts";
import { runMain, say } from "./progress.ts";

interface LockEntry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const OS: Record<string, string> = { win: "win32", windows: "win32", macos: "darwin" };
const OS_NAMES = /^(darwin|linux|win32|android|freebsd|openbsd|netbsd|sunos|aix|openharmony|wasi)$/;
const CPU_NAMES = /^(x64|arm64|ia32|arm|ppc64|s390x|riscv64|loong64|mips64el|wasm32)$/;

/** Every optional dependency that has no entry, with the entry it should have. */
export function missingEntries(packages: Record<string, LockEntry>): Record<string, LockEntry> {
  const found: Record<string, LockEntry> = {};
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      const candidates = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      if (candidates.some((candidate) => packages[candidate] || found[candidate])) continue;
      const { os, cpu, libc } = platformOf(name);
      // In npm's own order, so that its next rewrite changes nothing.
      found[`node_modules/${name}`] = {
        version: range.replace(/^[^\d]*/, ""),
        ...(cpu ? { cpu: [cpu] } : {}),
        // The project's Node is linked into node_modules by a dev dependency.
        ...(dev || !path.startsWith("node_modules/") ? { dev: true } : {}),
        ...(libc ? { libc: [libc] } : {}),
        optional: true,
        ...(os ? { os: [os] } : {}),
      };
    }
  }
  return found;
}

function platformOf(name: string): { os?: string | undefined; cpu?: string | undefined; libc?: string | undefined } {
  const words = (name.split("/").at(-1) ?? name).split("-").map((word) => OS[word] ?? word);
  return {
    os: words.find((word) => OS_NAMES.test(word)),
    cpu: words.find((word) => CPU_NAMES.test(word)),
    libc: words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined,
  };
}

if (import.meta.main) {
  await runMain(async () => {
    const file = fromRoot("package-lock.json");
    const lock = JSON.parse(readFileSync(file, "utf8"));
    const missing = missingEntries(lock.packages);
    const { "": own, ...rest } = { ...lock.packages, ...missing };
    const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
    lock.packages = { "": own, ...Object.fromEntries(sorted) };
    writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
    say(`added: ${Object.keys(missing).join(", ") || "nothing"}`);
    return 0;
  });
}
