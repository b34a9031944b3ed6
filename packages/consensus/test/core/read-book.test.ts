import { expect, test } from "vitest";
import { ReadBook, openReadsMax } from "../../src/core/zab/read-book.ts";

test("a leader is asked about each read once, and the next one about those that are open", () => {
  const book = new ReadBook();
  for (const read of [1, 2, 3]) book.add(read);
  expect(book.takeLocal()).toEqual([1, 2, 3]);
  expect(book.takeLocal()).toEqual([]);
  book.add(4);
  expect(book.finishLocal(4)).toBe(true);
  expect(book.finishLocal(4)).toBe(false);
  expect(book.takeLocal()).toEqual([]);
  expect(book.finishLocal(2)).toBe(true);
  book.reset();
  expect(book.takeLocal()).toEqual([1, 3]);
});

test("no more reads are open than may be", () => {
  const book = new ReadBook();
  for (let read = 1; read <= openReadsMax + 2; read += 1) book.add(read);
  expect(book.takeLocal()).toHaveLength(openReadsMax);
  book.finishLocal(1);
  book.add(openReadsMax + 3);
  expect(book.takeLocal()).toEqual([openReadsMax + 3]);
});

test("a read waits for a round that was sent after it came, and is confirmed by that or a later one", () => {
  const book = new ReadBook();
  const waiting = (): readonly boolean[] => [book.hasWaiting, book.hasUnsent];
  expect(waiting()).toEqual([false, false]);
  book.wait(1, { kind: "local" });
  expect(waiting()).toEqual([true, true]);
  book.roundSent(5);
  expect(waiting()).toEqual([true, false]);
  book.wait(2, { kind: "local" });
  expect(waiting()).toEqual([true, true]);
  expect(book.takeConfirmed(4)).toEqual([]);
  book.roundSent(6);
  book.roundSent(7);
  expect(book.takeConfirmed(5).map(({ read }) => read)).toEqual([1]);
  book.wait(3, { kind: "local" });
  expect(book.takeConfirmed(9).map(({ read }) => read)).toEqual([2]);
  expect(waiting()).toEqual([true, true]);
  book.reset();
  expect(waiting()).toEqual([false, false]);
});
