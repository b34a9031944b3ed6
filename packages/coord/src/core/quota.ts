import { specialPaths } from "./zookeeper-path.ts";

export const limitsName = "zookeeper_limits";
export const statsName = "zookeeper_stats";

/** Limits or usage below a path. -1 means that nothing is set. */
export interface QuotaTrack {
  readonly count: bigint;
  readonly bytes: bigint;
  readonly countHardLimit: bigint;
  readonly byteHardLimit: bigint;
}

const unset = -1n;
const textDecoder = new TextDecoder();
const textEncoder = new TextEncoder();

/** `count=5,bytes=-1=;byteHardLimit=100;countHardLimit=10`; what cannot be read counts as not set. */
export function parseQuotaTrack(data: Uint8Array | null): QuotaTrack {
  const values = new Map<string, bigint>();
  for (const pair of textDecoder.decode(data ?? new Uint8Array(0)).split(/[,;]/)) {
    const [key = "", value = ""] = pair.trim().split("=");
    if (/^-?\d{1,18}$/.test(value)) values.set(key, BigInt(value));
  }
  const of = (key: string): bigint => values.get(key) ?? unset;
  return {
    count: of("count"),
    bytes: of("bytes"),
    countHardLimit: of("countHardLimit"),
    byteHardLimit: of("byteHardLimit"),
  };
}

/** Text of a stats node. Hard limits, which only limits nodes have, hide behind the extra `=` from old parsers. */
export function encodeQuotaTrack(track: QuotaTrack): Uint8Array {
  const hard = [
    ...(track.byteHardLimit === unset ? [] : [`byteHardLimit=${track.byteHardLimit}`]),
    ...(track.countHardLimit === unset ? [] : [`countHardLimit=${track.countHardLimit}`]),
  ];
  const tail = hard.length === 0 ? "" : `=;${hard.join(";")}`;
  return textEncoder.encode(`count=${track.count},bytes=${track.bytes}${tail}`);
}

/** The limits node that a quota on this path has. */
export function limitsPathOf(path: string): string {
  return `${specialPaths.quota}${path}/${limitsName}`;
}

/** The stats node that a quota on this path has. */
export function statsPathOf(path: string): string {
  return `${specialPaths.quota}${path}/${statsName}`;
}

/**
 * The path that a limits or stats node speaks of; undefined for any other node. A quota on `/` is ignored, as
 * ZooKeeper's trie does.
 */
export function quotaSubjectOf(path: string, name: string): string | undefined {
  const prefix = `${specialPaths.quota}/`;
  if (!path.startsWith(prefix) || !path.endsWith(`/${name}`)) return undefined;
  const subject = path.slice(specialPaths.quota.length, -(name.length + 1));
  return subject === "" ? undefined : subject;
}

export interface QuotaUse {
  readonly limits: QuotaTrack;
  readonly used: QuotaTrack;
  readonly countDiff: bigint;
  readonly bytesDiff: bigint;
}

/** Whether a change would go over a hard limit. A soft limit never refuses; shrinking is always allowed. */
export function isOverHardLimit({ limits, used, countDiff, bytesDiff }: QuotaUse): boolean {
  const over = (limit: bigint, current: bigint, diff: bigint): boolean =>
    limit > unset && diff > 0n && current + diff > limit;
  return over(limits.countHardLimit, used.count, countDiff) || over(limits.byteHardLimit, used.bytes, bytesDiff);
}
