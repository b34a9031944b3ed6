import fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerTable } from "../../src/driver/answer-table.ts";

const request = fc.record({ client: fc.bigInt({ min: 0n, max: 6n }), sequence: fc.integer({ min: 1, max: 40 }) });

function fill(table: AnswerTable, requests: readonly { client: bigint; sequence: number }[], from: number): void {
  for (const [index, { client, sequence }] of requests.entries()) {
    const known = table.lookup(client, sequence);
    if (known !== undefined) continue;
    const answer = new Uint8Array([sequence]);
    table.record(client, sequence, { position: BigInt(from + index), rejected: sequence % 5 === 0, answer });
  }
}

test("a table that went through a snapshot answers, forgets and evicts like the one it was taken from", () => {
  fc.assert(
    fc.property(fc.array(request), fc.array(request), (before, after) => {
      const original = new AnswerTable(8, 4);
      fill(original, before, 1);
      const copy = new AnswerTable(8, 4);
      copy.decode(original.encode());
      for (const table of [original, copy]) fill(table, after, 1000);
      expect(copy.encode()).toEqual(original.encode());
    }),
  );
});

test("an answer inside the window is kept, and one behind it is known to have expired", () => {
  const table = new AnswerTable(8, 4);
  for (let sequence = 1; sequence <= 20; sequence += 1) {
    table.record(1n, sequence, { position: BigInt(sequence), rejected: false, answer: new Uint8Array(0) });
  }
  expect(table.lookup(1n, 13)).toMatchObject({ position: 13n });
  expect(table.lookup(1n, 12)).toBe("expired");
  expect(table.lookup(1n, 21)).toBeUndefined();
  expect(table.lookup(2n, 1)).toBeUndefined();
});
