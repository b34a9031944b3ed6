import type { Stat } from "../protocol/records.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Data in JSON: as `text` where it is UTF-8, else as `base64`. */
export function dataFields(data: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: decoder.decode(data) };
  } catch {
    return { base64: Buffer.from(data).toString("base64") };
  }
}

function hex(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}

function time(ms: bigint): string {
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

/** A Stat for people, one field a line, in the order and with the names that ZooKeeper's shell has. */
export function statLines(stat: Stat): string {
  const fields: readonly (readonly [string, string | number])[] = [
    ["cZxid", hex(stat.czxid)],
    ["ctime", time(stat.ctime)],
    ["mZxid", hex(stat.mzxid)],
    ["mtime", time(stat.mtime)],
    ["pZxid", hex(stat.pzxid)],
    ["cversion", stat.cversion],
    ["dataVersion", stat.version],
    ["aclVersion", stat.aversion],
    ["ephemeralOwner", hex(stat.ephemeralOwner)],
    ["dataLength", stat.dataLength],
    ["numChildren", stat.numChildren],
  ];
  return fields.map(([name, value]) => `${name} = ${value}\n`).join("");
}
