import { simulate, simulateDecree, type SimProtocol } from "../../src/sim/index.ts";

/** What runs under a seed and says what went wrong, or nothing. */
export interface Suite {
  readonly name: string;
  readonly run: (seed: number) => string | undefined;
}

const protocols: readonly SimProtocol[] = ["zab", "paxos", "slot-paxos"];

/** In the order in which they are tried. */
export const suites: readonly Suite[] = [
  {
    name: "decree",
    run: (seed) => {
      const { size } = simulateDecree(seed, undefined);
      return size > 1 ? `${size} values are chosen` : undefined;
    },
  },
  ...protocols.map((protocol) => ({ name: protocol, run: (seed: number) => simulate({ seed, protocol }).violation })),
  ...protocols.map((protocol) => ({
    name: `${protocol}, members change`,
    run: (seed: number) => simulate({ seed, protocol, reconfigures: true }).violation,
  })),
  {
    name: "zab, short epochs",
    run: (seed) => simulate({ seed, zab: { counterLimit: 16 } }).violation,
  },
];

export function suiteNamed(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new RangeError(`${name} is none of ${suites.map((suite) => suite.name).join(", ")}`);
  return found;
}
