import type { Model } from "./history.ts";

/**
 * A reply as one session saw it. `zxid` is the one in the header of the reply: for a write its own, for a read and a
 * sync the last that the answering server had applied.
 */
export interface SessionReply<Input, Output> {
  readonly session: string;
  readonly kind: "read" | "write" | "sync";
  readonly zxid: bigint;
  readonly calledAt: number;
  readonly returnedAt: number;
  readonly input: Input;
  readonly output: Output;
}

/** A reply that broke a rule of sessions. */
export interface SessionViolation<Input, Output> {
  readonly rule: "output" | "session-monotonic" | "own-writes" | "real-time" | "sync";
  readonly reason: string;
  readonly reply: SessionReply<Input, Output>;
}

/**
 * ZooKeeper's promise, ordered sequential consistency: writes are linearizable, reads are sequentially consistent
 * within each session.
 *
 * 1. `output`: every result equals that of the model after all writes up to its zxid.
 * 2. `session-monotonic`: the zxid never decreases within a session, across reconnects too.
 * 3. `own-writes`: nor is it below the session's own last write.
 * 4. `real-time`: a write that returned before another was called has the smaller zxid.
 * 5. `sync`: its zxid is at least that of every write that returned before it was called. Apache promises less
 *    (ZOOKEEPER-1675).
 *
 * A session's replies must come in the order in which it received them. Returns all violations, the first ones first.
 *
 * ```ts
 * import { checkSessionOrder, registerModel } from "@tutti/consensus/check";
 *
 * const violations = checkSessionOrder(registerModel<number>(0), [
 *   { session: "a", kind: "write", zxid: 1n, calledAt: 0, returnedAt: 1, input: { kind: "write", value: 5 }, output: null },
 *   { session: "a", kind: "read", zxid: 0n, calledAt: 2, returnedAt: 3, input: { kind: "read" }, output: 0 },
 * ]);
 * console.log(violations.map(({ rule }) => rule)); // => [ 'own-writes' ]
 * ```
 */
export function checkSessionOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  replies: readonly SessionReply<Input, Output>[],
): readonly SessionViolation<Input, Output>[] {
  return [...withinSessions(replies), ...acrossSessions(replies), ...outputsOf(model, replies)];
}

function* withinSessions<Input, Output>(
  replies: readonly SessionReply<Input, Output>[],
): Generator<SessionViolation<Input, Output>> {
  const seen = new Map<string, { highest: bigint; written: bigint }>();
  for (const reply of replies) {
    const known = seen.get(reply.session) ?? { highest: 0n, written: 0n };
    seen.set(reply.session, known);
    if (reply.zxid < known.written) {
      yield { rule: "own-writes", reason: `${reply.zxid} is below its own write at ${known.written}`, reply };
    } else if (reply.zxid < known.highest) {
      yield { rule: "session-monotonic", reason: `${reply.zxid} comes after ${known.highest}`, reply };
    }
    if (reply.zxid > known.highest) known.highest = reply.zxid;
    if (reply.kind === "write" && reply.zxid > known.written) known.written = reply.zxid;
  }
}

/** Sweeps time once: what had returned by the moment of a call bounds the zxid of that call from below. */
function* acrossSessions<Input, Output>(
  replies: readonly SessionReply<Input, Output>[],
): Generator<SessionViolation<Input, Output>> {
  const writes = replies.filter(({ kind }) => kind === "write");
  const returned = writes.toSorted((left, right) => left.returnedAt - right.returnedAt);
  const called = replies
    .filter(({ kind }) => kind !== "read")
    .toSorted((left, right) => left.calledAt - right.calledAt);
  let next = 0;
  let bound = 0n;
  for (const reply of called) {
    for (;;) {
      const write = returned[next];
      if (write === undefined || write.returnedAt >= reply.calledAt) break;
      if (write.zxid > bound) bound = write.zxid;
      next += 1;
    }
    const isLate = reply.kind === "write" ? reply.zxid <= bound : reply.zxid < bound;
    if (!isLate || bound === 0n) continue;
    const rule = reply.kind === "write" ? "real-time" : "sync";
    yield { rule, reason: `${reply.zxid}, although a write at ${bound} had returned before it was called`, reply };
  }
}

function* outputsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  replies: readonly SessionReply<Input, Output>[],
): Generator<SessionViolation<Input, Output>> {
  const rank = { write: 0, sync: 1, read: 2 } as const;
  const ordered = replies.toSorted((left, right) => {
    if (left.zxid !== right.zxid) return left.zxid < right.zxid ? -1 : 1;
    return rank[left.kind] - rank[right.kind];
  });
  const states = new Map<string, State>();
  for (const reply of ordered) {
    if (reply.kind === "sync") continue;
    const part = model.partition?.(reply.input) ?? "";
    const state = states.get(part) ?? model.initial;
    const stepped = model.step(state, reply.input, reply.output);
    if (stepped === undefined) {
      const reason = `its output is impossible at ${reply.zxid}, in state ${model.identify(state)}`;
      yield { rule: "output", reason, reply };
    } else if (reply.kind === "write") states.set(part, stepped.next);
  }
}
