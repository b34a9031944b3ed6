import type { Configuration } from "../core/configuration.ts";
import type { NodeId } from "../core/entry.ts";

const countsBytes = 3 * 4;
const idBytes = 8;

/** Who takes part, as log records and snapshots hold it: three counts, then the members. */
export function configurationBytes({ voters, observers, outgoing }: Configuration): number {
  return countsBytes + (voters.length + observers.length + (outgoing?.length ?? 0)) * idBytes;
}

export function encodeConfiguration(view: DataView, offset: number, configuration: Configuration): void {
  const { voters, observers, outgoing = [] } = configuration;
  view.setUint32(offset, voters.length, true);
  view.setUint32(offset + 4, observers.length, true);
  view.setUint32(offset + 8, outgoing.length, true);
  let at = offset + countsBytes;
  for (const id of [...voters, ...observers, ...outgoing]) {
    view.setBigUint64(at, BigInt(id), true);
    at += idBytes;
  }
}

/** Undefined when the bytes end before it does. */
export function decodeConfiguration(view: DataView, offset: number): Configuration | undefined {
  if (offset + countsBytes > view.byteLength) return undefined;
  const [voterCount, observerCount, outgoingCount] = [0, 4, 8].map((at) => view.getUint32(offset + at, true));
  if (voterCount === undefined || observerCount === undefined || outgoingCount === undefined) return undefined;
  const total = voterCount + observerCount + outgoingCount;
  if (offset + countsBytes + total * idBytes > view.byteLength) return undefined;
  const ids: NodeId[] = [];
  for (let index = 0; index < total; index += 1) {
    ids.push(Number(view.getBigUint64(offset + countsBytes + index * idBytes, true)));
  }
  const voters = ids.slice(0, voterCount);
  const observers = ids.slice(voterCount, voterCount + observerCount);
  return { voters, observers, outgoing: outgoingCount === 0 ? undefined : ids.slice(voterCount + observerCount) };
}
