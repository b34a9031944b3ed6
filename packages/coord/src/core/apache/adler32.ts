const modulus = 65_521;
/** So many sums fit 32 bits before they have to be reduced. */
const run = 5552;

/** The checksum of ZooKeeper's files. `sum` is that of the bytes before. */
export function adler32(bytes: Uint8Array, sum = 1): number {
  let low = sum & 0xffff;
  let high = sum >>> 16;
  for (let start = 0; start < bytes.length; start += run) {
    const end = Math.min(start + run, bytes.length);
    for (let index = start; index < end; index += 1) {
      low += bytes[index] ?? 0;
      high += low;
    }
    low %= modulus;
    high %= modulus;
  }
  return ((high << 16) | low) >>> 0;
}
