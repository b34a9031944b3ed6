import { paxos, slotPaxos, zab } from "../../src/index.ts";

export const protocols = { zab, paxos, "slot-paxos": slotPaxos };
export type ProtocolName = keyof typeof protocols;

/** The protocol of that name, as it is written on a command line. */
export function protocolOf(name: string): ProtocolName {
  if (!Object.hasOwn(protocols, name)) throw new RangeError(`${name} is none of ${Object.keys(protocols).join(", ")}`);
  return name as ProtocolName;
}
