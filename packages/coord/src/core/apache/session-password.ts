const mask = (1n << 48n) - 1n;
const multiplier = 0x5_deec_e66dn;
/** ZooKeeper's own, the same everywhere. */
const superSecret = 0xb341_5c00n;
const passwordBytes = 16;

/** The password that ZooKeeper derives from a session's id, by Java's `Random`. */
export function apachePasswordOf(sessionId: bigint): Uint8Array {
  let seed = (sessionId ^ superSecret ^ multiplier) & mask;
  const password = new Uint8Array(passwordBytes);
  const view = new DataView(password.buffer);
  for (let offset = 0; offset < passwordBytes; offset += 4) {
    seed = (seed * multiplier + 11n) & mask;
    view.setInt32(offset, Number(BigInt.asIntN(32, seed >> 16n)), true);
  }
  return password;
}
