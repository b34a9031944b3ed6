import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32 } from "../../src/log/crc32.ts";

test("a checksum is zlib's, at any length and continued from any seed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 0, max: 0xffff_ffff }), (bytes, seed) => {
      expect(crc32(bytes, seed)).toBe(zlibCrc32(bytes, seed));
    }),
  );
});

test("the check value of CRC-32 comes out", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf4_3926);
});
