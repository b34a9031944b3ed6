import { beforeEach, describe, expect, test } from "vitest";
import { EffectsBuffer } from "../../src/core/effects.ts";
import type { Entry } from "../../src/core/entry.ts";
import { LogMirror } from "../../src/core/log-mirror.ts";
import type { ReplicaMessage } from "../../src/core/messages.ts";
import { ProposalBook } from "../../src/core/zab/proposal-book.ts";

const request = (sequence: number): { client: bigint; sequence: number; payload: Uint8Array } => {
  return { client: 1n, sequence, payload: new Uint8Array(0) };
};
const entry = (sequence: number): Entry => ({ ...request(sequence), zxid: BigInt(sequence), kind: "txn" });

describe("the book of proposals", () => {
  let out: EffectsBuffer<ReplicaMessage>;
  let book: ProposalBook;
  const outcomes = (): readonly string[] =>
    out.drain().outcomes.map((one) => `${one.proposal} ${one.kind === "lost" ? one.reason : one.kind}`);
  const taken = (epoch: number): readonly number[] => book.takeWaiting(epoch).map(({ sequence }) => sequence);

  beforeEach(() => {
    out = new EffectsBuffer();
    book = new ProposalBook(out, 4);
    for (const proposal of [1, 2, 3]) book.add(proposal, request(proposal));
  });

  test("hands over each once, those without a name first, in their order", () => {
    book.addUnnamed(new Uint8Array(0));
    book.forget(2);
    expect(taken(7)).toEqual([0, 1, 3]);
    expect(taken(7)).toEqual([]);
  });

  test("gives up those without a name that were not handed over", () => {
    book.addUnnamed(new Uint8Array(0));
    book.dropUnnamed();
    expect(taken(7)).toEqual([1, 2, 3]);
  });

  test("counts what is open, and refuses more than there may be", () => {
    for (const proposal of [4, 5]) book.add(proposal, request(proposal));
    expect(outcomes()).toEqual(["5 overloaded"]);
    expect(book.openCount).toBe(4);
    book.committed(entry(2));
    expect(outcomes()).toEqual(["2 committed"]);
    book.committed(entry(2));
    expect(outcomes()).toEqual([]);
    expect(book.openCount).toBe(3);
    book.add(6, request(6));
    expect(outcomes()).toEqual([]);
  });

  test("hands over again what was handed to the leader of that epoch; a refusal of one is not the end of the other", () => {
    taken(7);
    book.add(4, request(4));
    taken(8);
    book.resend(7);
    book.answered(request(4), 9n, true);
    expect(outcomes()).toEqual(["4 overloaded"]);
    expect(taken(8)).toEqual([1, 2, 3]);
    book.answered(request(1), 9n, true);
    expect(outcomes()).toEqual([]);
    expect(taken(8)).toEqual([1]);
    book.answered(request(1), 9n, false);
    expect(outcomes()).toEqual(["1 answered"]);
    expect(taken(8)).toEqual([]);
  });

  test("all that was handed over before an epoch is lost, or covered by a snapshot that came since", () => {
    taken(7);
    book.add(4, request(4));
    taken(8);
    book.settleBefore(7, 9n);
    expect(outcomes()).toEqual([]);
    book.settleBefore(8, 9n);
    expect(outcomes()).toEqual(["1 superseded", "2 superseded", "3 superseded"]);
    book.add(5, request(5));
    book.cover();
    book.settleBefore(9, 9n);
    expect(outcomes()).toEqual(["4 answered"]);
    expect(book.openCount).toBe(1);
    expect(taken(9)).toEqual([5]);
    book.settleBefore(9, 9n);
    expect(outcomes()).toEqual([]);
  });

  test("of what was handed over, that is lost which the log does not hold", () => {
    taken(7);
    book.add(4, request(4));
    const recovered = { snapshot: { position: 0n, chunks: [] }, base: 0n, entries: [entry(1), entry(2)] };
    const log = new LogMirror(recovered, { initial: { voters: [1], observers: [] }, out, retainedEntriesMax: 9 });
    book.settle(log, 1n, false);
    expect(outcomes()).toEqual(["1 superseded", "3 superseded"]);
    book.settle(log, 2n, true);
    expect(outcomes()).toEqual(["2 answered"]);
  });
});
