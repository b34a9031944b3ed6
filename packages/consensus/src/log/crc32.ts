const table: Uint32Array = createTable();

function createTable(): Uint32Array {
  const filled = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
    filled[index] = value >>> 0;
  }
  return filled;
}

/** CRC-32 (ISO 3309, as zlib has it) of `bytes`, continued from `seed`. Pure JavaScript, so that it runs in simulation. */
export function crc32(bytes: Uint8Array, seed: number = 0): number {
  let crc = ~seed >>> 0;
  for (let index = 0; index < bytes.length; index += 1) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
