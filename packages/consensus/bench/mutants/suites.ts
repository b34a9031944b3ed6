import { simulate, simulateDecree, type SimProtocol, type SimulationOptions } from "../../src/sim/index.ts";

export interface SuiteReport {
  /** What went wrong, or nothing. */
  readonly violation: string | undefined;
  /** Of all that happened, in its order and at its time. */
  readonly traceHash: number;
}

/** What runs under a seed. */
export interface Suite {
  readonly name: string;
  readonly run: (seed: number) => SuiteReport;
}

/** A healed ensemble is in step within a second; whoever makes it slower is seen too. */
const healMs = 1500;

const protocols: readonly SimProtocol[] = ["zab", "paxos", "slot-paxos"];

/** Each of these has shown a mistake once. */
const found: readonly SimulationOptions[] = [
  { seed: 2608, protocol: "paxos", submits: false },
  { seed: 2699, protocol: "paxos", submits: false },
  ...[172, 305, 272, 29, 1907, 20_435].map((seed) => ({ seed, protocol: "slot-paxos" }) as const),
];

/** In the order in which they are tried. */
export const suites: readonly Suite[] = [
  {
    name: "decree",
    run: (seed) => {
      const { size } = simulateDecree(seed, undefined);
      return { violation: size > 1 ? `${size} values are chosen` : undefined, traceHash: size };
    },
  },
  ...protocols.map((protocol) => ({ name: protocol, run: (seed: number) => simulate({ seed, protocol, healMs }) })),
  ...protocols.map((protocol) => ({
    name: `${protocol}, members change`,
    run: (seed: number) => simulate({ seed, protocol, reconfigures: true, healMs }),
  })),
  {
    name: "seeds that found something",
    run: (index) => {
      const { length } = found;
      return simulate(found[(index - 1) % length] ?? { seed: index });
    },
  },
  {
    name: "zab, short epochs",
    run: (seed) => simulate({ seed, zab: { counterLimit: 16 }, healMs }),
  },
];

export function suiteNamed(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new RangeError(`${name} is none of ${suites.map((suite) => suite.name).join(", ")}`);
  return found;
}
