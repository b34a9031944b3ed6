/**
 * Whether every acknowledged write was made durable by a majority before, as strace counts it and not we:
 *
 *   npm run syncs -- [--writes 300] [--outstanding 1] [--protocol zab]
 *
 * Each member of an ensemble of three processes runs under strace. Between the call of a write and its answer, at least two of them
 * must have begun and ended an fdatasync, or a write to a file that was opened with O_DSYNC.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { protocolOf } from "../test/real/protocols.ts";
import { askMember } from "../test/real/real-client.ts";
import { RealEnsemble } from "../test/real/real-ensemble.ts";

const { values } = parseArgs({
  options: {
    writes: { type: "string", default: "300" },
    outstanding: { type: "string", default: "1" },
    protocol: { type: "string", default: "zab" },
  },
});
if (spawnSync("strace", ["--version"]).error !== undefined)
  throw new Error("strace is not installed: it counts the syncs");

interface Span {
  readonly beganMs: number;
  readonly endedMs: number;
}

const directory = await mkdtemp(join(tmpdir(), "tutti-syncs-"));
const ensemble = await RealEnsemble.open({
  protocol: protocolOf(values.protocol),
  serves: "swaps",
  watchedBy: (id) => {
    const output = join(directory, String(id));
    const calls = "trace=fdatasync,fsync,openat,close,pwrite64,pwritev";
    return ["strace", "-f", "-qq", "-ttt", "-T", "-s", "0", "-e", calls, "-e", "signal=none", "-o", output];
  },
});

/** Of the same clock as strace's. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

let sequence = 0;
const acknowledged: Span[] = [];
async function write(): Promise<void> {
  sequence += 1;
  const own = sequence;
  const input = { kind: "swap", key: `k${own % 10}`, value: `v${own}` } as const;
  const beganMs = nowMs();
  const outcome = await askMember(ensemble, 1, { input, request: { client: "1", sequence: own } });
  if (outcome.kind === "done") acknowledged.push({ beganMs, endedMs: nowMs() });
}

async function writeAll(): Promise<void> {
  while (acknowledged.length < Number(values.writes)) await write();
}
await Promise.all(Array.from({ length: Number(values.outstanding) }, writeAll));
await Promise.all(ensemble.ids.map((id) => ensemble.end(id)));
const syncs = new Map<number, readonly Span[]>();
for (const id of ensemble.ids) syncs.set(id, spansOf(await readFile(join(directory, String(id)), "utf8")));
await ensemble[Symbol.asyncDispose]();
await rm(directory, { recursive: true, force: true });

const without = acknowledged.filter(({ beganMs, endedMs }) => {
  const durable = ensemble.ids.filter((id) =>
    syncs.get(id)?.some((sync) => sync.beganMs >= beganMs && sync.endedMs <= endedMs),
  );
  return durable.length < 2;
});
const counts = Object.fromEntries([...syncs].map(([id, spans]) => [id, spans.length]));
console.log({ acknowledged: acknowledged.length, withoutMajority: without.length, syncsByMember: counts });
process.exitCode = without.length === 0 ? 0 : 1;

/** A call may be told in two lines, when another thread did something meanwhile; its length stands in the last one. */
function spansOf(text: string): readonly Span[] {
  const spans: Span[] = [];
  const begun = new Map<string, { readonly call: string; readonly beganMs: number }>();
  /** Numbers of open files whose writes are durable when they end. */
  const durable = new Set<string>();
  for (const line of text.split("\n")) {
    const [, thread = "", at = "", what = ""] = /^(\d+) +([\d.]+) (.*)$/.exec(line) ?? [];
    const isEnd = what.startsWith("<...");
    const { call, beganMs } = (isEnd ? begun.get(thread) : undefined) ?? { call: what, beganMs: Number(at) * 1000 };
    const took = /<([\d.]+)>$/.exec(what)?.[1];
    if (took === undefined) {
      begun.set(thread, { call, beganMs });
      continue;
    }
    const [, name = "", file = ""] = /^(\w+)\((\d*)/.exec(call) ?? [];
    const result = /= (\d+) <[\d.]+>$/.exec(what)?.[1];
    if (name === "openat" && call.includes("O_DSYNC") && result !== undefined) durable.add(result);
    if (name === "close") durable.delete(file);
    const isSync = name.endsWith("sync") || (name.startsWith("pwrite") && durable.has(file));
    if (isSync && result !== undefined) spans.push({ beganMs, endedMs: beganMs + Number(took) * 1000 });
  }
  return spans;
}
