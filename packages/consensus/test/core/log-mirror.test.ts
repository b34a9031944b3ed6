import { expect, test } from "vitest";
import type { Entry } from "../../src/core/entry.ts";
import { LogMirror } from "../../src/core/log-mirror.ts";

test("of what its snapshot covers, a log that is read again keeps what it would have kept had it run on", () => {
  const entries = Array.from({ length: 20 }, (_, index): Entry => {
    return { zxid: BigInt(index + 1), kind: "txn", client: 0n, sequence: 0, payload: new Uint8Array(0) };
  });
  const options = {
    initial: { voters: [1], observers: [] },
    out: { write: () => 1 },
    retainedEntriesMax: 3,
  };
  const readAgain = new LogMirror({ snapshot: { position: 12n, chunks: [] }, base: 0n, entries }, options);
  const ranOn = new LogMirror({ snapshot: { position: 0n, chunks: [] }, base: 0n, entries }, options);
  ranOn.saveSnapshot({ position: 12n, chunks: [] });
  ranOn.persisted(1);
  for (const log of [readAgain, ranOn]) {
    expect([log.base, log.end, log.entryCount]).toEqual([9n, 20n, 11]);
    expect(log.after(log.base).map(({ zxid }) => Number(zxid))).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  }
});
