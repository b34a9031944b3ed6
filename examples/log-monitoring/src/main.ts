// Access counts, error rates and slow pages from a web server's log, in the combined format that Apache httpd and nginx
// write, with the time that a request took at the end.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createContext } from "@tutti/dataset";
import { writeLog } from "./write-log.ts";

interface Access {
  readonly minute: string;
  readonly page: string;
  readonly status: number;
  readonly tookMs: number;
}

const folder = await mkdtemp(path.join(tmpdir(), "access-log-"));
const lineCount = await writeLog(path.join(folder, "access.log"), 50_000);

const tutti = createContext({ threads: 2 });
const refused = tutti.accumulator(0);
const log = tutti
  .textFile(folder, { partitionCount: 4 })
  .flatMap((line): Access[] => {
    const pattern =
      /^(\S+) \S+ \S+ \[\d+\/\w+\/\d+:(\d\d:\d\d):\d\d [+-]\d{4}\] "[A-Z]+ (\S+) HTTP\/[\d.]+" (\d{3}) (?:\d+|-) "[^"]*" "[^"]*" (\d+)$/;
    const [, , minute = "", page = "", status, tookMs] = pattern.exec(line) ?? [];
    if (status !== undefined) return [{ minute, page, status: Number(status), tookMs: Number(tookMs) }];
    refused.add(1);
    return [];
  })
  .persist();

const accessCount = await log.count();
console.log(`${lineCount} lines, ${accessCount} of them accesses, ${refused.value()} unreadable`);

console.log("\npage        accesses   errors   p95 ms");
const pages = await log
  .map(
    ({ page, status, tookMs }) =>
      [page, { accesses: 1, errors: status >= 500 ? 1 : 0, took: [tookMs] as readonly number[] }] as const,
  )
  .reduceByKey((a, b) => ({
    accesses: a.accesses + b.accesses,
    errors: a.errors + b.errors,
    took: [...a.took, ...b.took],
  }))
  .mapValues(({ accesses, errors, took }) => {
    const sorted = took.toSorted((a, b) => a - b);
    return { accesses, errors, p95: sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0 };
  })
  .sortBy(([, { accesses }]) => accesses, { ascending: false })
  .collect();
for (const [page, { accesses, errors, p95 }] of pages) {
  const share = `${((100 * errors) / accesses).toFixed(1)} %`;
  console.log(`${page.padEnd(12)}${String(accesses).padStart(8)}${share.padStart(9)}${String(p95).padStart(9)}`);
}

const alarms = await log
  .map(({ minute, status }) => [minute, { accesses: 1, errors: status >= 500 ? 1 : 0 }] as const)
  .reduceByKey((a, b) => ({ accesses: a.accesses + b.accesses, errors: a.errors + b.errors }))
  .filter(([, { accesses, errors }]) => errors / accesses > 0.1)
  .sortByKey()
  .keys()
  .collect();
console.log(`\nmore than a tenth failed at ${alarms.join(", ")}`);

await tutti.close();
await rm(folder, { recursive: true });
