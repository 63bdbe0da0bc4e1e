/**
 * From the wish to look at a terminal to having all of its 10,000 lines, through the pty host: what a window waits for
 * after a reload. Each kind of line is in terminals of its own, so that nothing is there from the look before; the first
 * of all also loads the emulator and is told apart.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { testHost } from "../support/pty-host.ts";
import { type Spread, spreadOf } from "./measure.ts";

const LINES = 10_000;
const words = "some words of a line as a build or a test prints them, with a path src/some/file.ts:12";

const KINDS: Readonly<Record<string, string>> = {
  plain: `{print $1 " ${words}"}`,
  coloured: `{print "\\033[32m✓\\033[39m " $1 " \\033[1m${words.slice(0, 60)}\\033[22m \\033[2m(12 ms)\\033[0m"}`,
  "200 wide": `{print $1 " ${words} ${words} ${words.slice(0, 20)}"}`,
};

export interface AttachCosts {
  readonly firstMs: number;
  /** By kind of line. */
  readonly times: ReadonlyMap<string, readonly number[]>;
  /** Of the repaint, by kind. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Of the pty host, resident: before any of it, and when all was shown at once. */
  readonly hostMb: readonly [before: number, after: number];
}

export async function measureAttach(rounds: number): Promise<AttachCosts> {
  const host = await testHost();
  try {
    const terminals = host.client();
    const signal = new AbortController().signal;
    const times = new Map<string, number[]>();
    const bytes = new Map<string, number>();
    let firstMs = Number.NaN;
    let before = 0;
    for (let round = 0; round <= rounds; round += 1) {
      for (const [kind, line] of Object.entries(KINDS)) {
        const name = `${kind.replace(" ", "-")}-${round}`;
        const opened = await terminals.open({ name, createdBy: "agent" });
        if (opened.kind !== "opened") throw new Error(JSON.stringify(opened));
        if (before === 0) before = await residentMb(await host.pid());
        const command = `seq ${LINES + 100} | awk '${line}'`;
        const request = { terminal: name, command, commandId: name, timeoutMs: 30_000, signal, maxOutputChars: 100 };
        const ran = await terminals.run(request);
        if (ran.kind !== "command" || ran.exitCode !== 0) throw new Error(JSON.stringify(ran));
        const startedAt = performance.now();
        const attachment = await terminals.attach(name, () => {});
        const tookMs = performance.now() - startedAt;
        if (!attachment?.snapshot.includes(`${LINES} `)) throw new Error("the snapshot is not whole");
        if (Number.isNaN(firstMs)) firstMs = tookMs;
        if (round > 0) times.set(kind, [...(times.get(kind) ?? []), tookMs]);
        bytes.set(kind, Buffer.byteLength(attachment.snapshot));
        attachment.dispose();
      }
    }
    return { firstMs, times, bytes, hostMb: [before, await residentMb(await host.pid())] };
  } finally {
    await host.close();
  }
}

export function showAttach({ firstMs, times, bytes, hostMb }: AttachCosts): string {
  const show = ({ min, median, max }: Spread) => `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;
  const lines = [...times].map(([kind, each]) => {
    const kilobytes = Math.round((bytes.get(kind) ?? 0) / 1000);
    return `  ${kind.padEnd(9)} ${show(spreadOf(each))}, ${kilobytes} kB`;
  });
  const [before, after] = hostMb;
  const count = [...times.values()].reduce((sum, each) => sum + each.length + 1, 0);
  return [
    "attach with 10,000 lines of scrollback, through the pty host   [budget: well below 100 ms]",
    ...lines,
    `  the first of all ${firstMs.toFixed(1)} ms; pty host ${before.toFixed(0)} MB, ${after.toFixed(0)} MB with ${count} such terminals all shown within seconds`,
    "",
  ].join("\n");
}

async function residentMb(pid: number | null): Promise<number> {
  const status = await readFile(join("/proc", String(pid), "status"), "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
