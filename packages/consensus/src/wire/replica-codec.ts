import type { ReplicaMessage } from "../core/messages.ts";
import { isSlotMessage } from "../core/slot-paxos/slot-messages.ts";
import { decodeSlotMessage, encodeSlotMessage, slotKindMin } from "./slot-codec.ts";
import { decodeZabMessage, encodeZabMessage, zabWireVersion } from "./zab-codec.ts";

/** Version of both encodings, compared in the hello of a link. */
export const wireVersion: number = zabWireVersion;

/** `prefix`, if there is one, stands before the message: room for what a transport has to say about it. */
export function encodeMessage(message: ReplicaMessage, prefix?: number): Uint8Array {
  return isSlotMessage(message) ? encodeSlotMessage(message, prefix) : encodeZabMessage(message, prefix);
}

/** Throws `malformed-message` for anything that `encodeMessage` does not make. */
export function decodeMessage(bytes: Uint8Array): ReplicaMessage {
  const [number = 0] = bytes;
  return number >= slotKindMin ? decodeSlotMessage(bytes) : decodeZabMessage(bytes);
}
