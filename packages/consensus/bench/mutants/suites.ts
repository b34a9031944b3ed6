import { simulate, simulateDecree, type SimProtocol } from "../../src/sim/index.ts";

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
    name: "zab, short epochs",
    run: (seed) => simulate({ seed, zab: { counterLimit: 16 }, healMs }),
  },
];

export function suiteNamed(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new RangeError(`${name} is none of ${suites.map((suite) => suite.name).join(", ")}`);
  return found;
}
