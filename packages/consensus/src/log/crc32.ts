const tables: readonly Int32Array[] = createTables();

/** Slicing by 4: table n answers for a byte that is followed by n more of the same step. */
function createTables(): readonly Int32Array[] {
  const made = Array.from({ length: 4 }, () => new Int32Array(256));
  const [first] = made as [Int32Array];
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
    first[index] = value;
  }
  for (let index = 0; index < 256; index += 1) {
    let value = first[index] as number;
    for (const table of made.slice(1)) {
      value = (value >>> 8) ^ (first[value & 0xff] as number);
      table[index] = value;
    }
  }
  return made;
}

/** CRC-32 (ISO 3309, as zlib has it) of `bytes`, continued from `seed`. Pure JavaScript, so that it runs in simulation. */
export function crc32(bytes: Uint8Array, seed: number = 0): number {
  const [t0, t1, t2, t3] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];
  let crc = ~seed;
  let index = 0;
  for (const end = bytes.length - 3; index < end; index += 4) {
    crc ^=
      (bytes[index] as number) |
      ((bytes[index + 1] as number) << 8) |
      ((bytes[index + 2] as number) << 16) |
      ((bytes[index + 3] as number) << 24);
    crc =
      (t3[crc & 0xff] as number) ^
      (t2[(crc >>> 8) & 0xff] as number) ^
      (t1[(crc >>> 16) & 0xff] as number) ^
      (t0[crc >>> 24] as number);
  }
  for (; index < bytes.length; index += 1) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[index] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
