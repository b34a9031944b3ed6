function parseV4(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && group.includes(".")) {
      const v4 = parseV4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes;
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "");
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** Bytes of an address: 4 or 16; undefined when it is none. An IPv4 address mapped into IPv6 counts as IPv4. */
function parseAddress(text: string): number[] | undefined {
  if (!text.includes(":")) return parseV4(text);
  const bytes = parseV6(text.split("%")[0] ?? "");
  const mapped = bytes?.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff)) === true;
  return mapped ? bytes?.slice(12) : bytes;
}

interface Cidr {
  readonly bytes: readonly number[];
  readonly bits: number;
}

function parseCidr(text: string): Cidr | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return { bytes, bits: bytes.length * 8 };
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  return bits >= 0 && bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** `10.0.0.0/8`, `::1`, `fe80::/10` and the like. */
export function isValidCidr(text: string): boolean {
  return parseCidr(text) !== undefined;
}

/** Whether an address lies in a range. */
export function cidrMatches(address: string, range: string): boolean {
  const own = parseAddress(address);
  const wanted = parseCidr(range);
  if (own === undefined || wanted === undefined || own.length !== wanted.bytes.length) return false;
  return own.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, wanted.bits - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((wanted.bytes[index] ?? 0) & mask);
  });
}
