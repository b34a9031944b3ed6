import { type PositionedOperation, replayWitness } from "../../src/check/index.ts";
import type { RealOperation } from "./real-client.ts";
import { type Kept, swapModel, type SwapInput } from "./swap-machine.ts";

/** What each member has under each key in the end. */
export type FinalStates = ReadonlyMap<number, ReadonlyMap<string, Kept | undefined>>;

interface Placed extends Omit<PositionedOperation<SwapInput, string | null | undefined>, "position"> {
  /** Of a swap, or of the last entry before a read. */
  readonly position: bigint;
}

/**
 * Every acknowledged swap is at its place in one order, which every answer and every member's state in the end fits; the order
 * fits the times of the calls; and nothing that was said to be lost was applied. Swaps whose end nobody knows are placed where
 * others found them.
 */
export function violationsOf(operations: readonly RealOperation[], states: FinalStates): readonly string[] {
  const reads = finalReads(states);
  const { places, problems } = placesOf([...operations, ...reads]);
  const placed = [...operations, ...reads].flatMap((operation): Placed[] => {
    const { client, input, calledAt, returnedAt, outcome, found } = operation;
    const shared = { process: client, input, calledAt, returnedAt };
    if (outcome === "done") return [{ ...shared, output: found?.value ?? null, position: operation.position }];
    const position = input.kind === "swap" ? places.get(input.value) : undefined;
    return position === undefined ? [] : [{ ...shared, output: undefined, position }];
  });
  // Reads after the entry that they saw last, in the order of their calls.
  const ordered = placed
    .toSorted((left, right) => {
      if (left.position !== right.position) return left.position < right.position ? -1 : 1;
      return Number(left.input.kind === "read") - Number(right.input.kind === "read") || left.calledAt - right.calledAt;
    })
    .map((operation, index) => ({ ...operation, position: BigInt(index) }));
  const verdict = replayWitness(swapModel(), ordered);
  if (verdict.kind === "ok") return problems;
  return [...problems, `${verdict.reason}: ${JSON.stringify(verdict.operation.input)} of ${verdict.operation.process}`];
}

/** The state of each member in the end, as reads after everything else. */
function finalReads(states: FinalStates): readonly RealOperation[] {
  const last = 1n << 62n;
  return [...states].flatMap(([member, state]) =>
    [...state].map(([key, found]): RealOperation => {
      const times = { calledAt: Number.MAX_SAFE_INTEGER, returnedAt: Number.MAX_SAFE_INTEGER };
      return { client: -member, input: { kind: "read", key }, ...times, outcome: "done", position: last, found };
    }),
  );
}

/** Where each text was put, by all who saw it: they must agree, and somebody must have asked for it who was not told it is lost. */
function placesOf(operations: readonly RealOperation[]): {
  readonly places: ReadonlyMap<string, bigint>;
  readonly problems: readonly string[];
} {
  const asked = new Map(
    operations.flatMap(({ input, outcome }) => (input.kind === "swap" ? [[input.value, outcome]] : [])),
  );
  const places = new Map<string, bigint>();
  const taken = new Map<bigint, string>();
  const problems = new Set<string>();
  const place = ({ value, position }: Kept): void => {
    const before = places.get(value) ?? position;
    if (before !== position) problems.add(`${value} was put at ${before} and at ${position}`);
    const other = taken.get(position) ?? value;
    if (other !== value) problems.add(`${value} and ${other} were both put at ${position}`);
    if (!asked.has(value)) problems.add(`nobody asked for ${value}`);
    if (asked.get(value) === "lost") problems.add(`${value} was said to be lost, and is at ${position}`);
    places.set(value, position);
    taken.set(position, value);
  };
  for (const { input, outcome, position, found } of operations) {
    if (input.kind === "swap" && outcome === "done") place({ value: input.value, position });
    if (found !== undefined) place(found);
  }
  return { places, problems: [...problems] };
}
