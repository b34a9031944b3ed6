import fc from "fast-check";
import { expect, test } from "vitest";
import {
  casRegisterModel,
  checkLinearizability,
  type CasRegisterInput,
  type Model,
  type Operation,
} from "../../src/check/index.ts";

type Input = CasRegisterInput<number>;
type Output = number | boolean | null;

/** Tries every order and every subset of those whose end is unknown: slow, and plainly right. */
function isLinearizable<State>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): boolean {
  const place = (state: State, left: readonly Operation<Input, Output>[]): boolean => {
    if (left.every(({ returnedAt }) => returnedAt === undefined)) return true;
    return left.some((candidate) => {
      const isFirst = left.every((other) => other.returnedAt === undefined || other.returnedAt >= candidate.calledAt);
      if (!isFirst) return false;
      const output = candidate.returnedAt === undefined ? undefined : candidate.output;
      const stepped = model.step(state, candidate.input, output);
      return (
        stepped !== undefined &&
        place(
          stepped.next,
          left.filter((other) => other !== candidate),
        )
      );
    });
  };
  return place(model.initial, history);
}

const value = fc.nat(2);
const operation = fc
  .record({
    process: fc.nat(3),
    call: fc.oneof(
      fc.record({ input: fc.constant({ kind: "read" as const }), output: value }),
      fc.record({ input: fc.record({ kind: fc.constant("write" as const), value }), output: fc.constant(null) }),
      fc.record({
        input: fc.record({ kind: fc.constant("cas" as const), expected: value, value }),
        output: fc.boolean(),
      }),
    ),
    calledAt: fc.nat(12),
    length: fc.nat(6),
    isUnknown: fc.nat(5).map((roll) => roll === 0),
  })
  .map(({ process, call, calledAt, length, isUnknown }): Operation<Input, Output> => {
    const { input, output } = call;
    return isUnknown
      ? { process, input, calledAt }
      : { process, input, output, calledAt, returnedAt: calledAt + length };
  });

test("the search agrees with trying every order, on small histories", () => {
  const verdicts = { ok: 0, violation: 0 };
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (history) => {
      const model = casRegisterModel<number>(0);
      const { kind } = checkLinearizability(model, history);
      const expected = isLinearizable(model, history) ? "ok" : "violation";
      expect(kind).toBe(expected);
      verdicts[expected] += 1;
    }),
    { numRuns: 2000 },
  );
  // A generator that makes only one kind of history would prove nothing.
  expect(Math.min(verdicts.ok, verdicts.violation)).toBeGreaterThan(200);
});
