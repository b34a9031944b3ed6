import type { ReplicaMessage } from "../core/messages.ts";
import { isSlotMessage } from "../core/slot-paxos/slot-messages.ts";
import { decodeSlotMessage, encodeSlotMessage, slotKindMin } from "./slot-codec.ts";
import { decodeZabMessage, encodeZabMessage, zabWireVersion } from "./zab-codec.ts";

/** Version of both encodings, compared in the hello of a link. */
export const wireVersion: number = zabWireVersion;

/** The oldest that is still spoken, with members that were not upgraded yet. */
export const oldestWireVersion = 1;

/** The oldest version that understands a message. An ensemble whose members never changed says nothing that 1 does not. */
export function oldestVersionFor(message: ReplicaMessage): number {
  if (isSlotMessage(message)) return 2;
  switch (message.kind) {
    case "notification":
    case "snap":
    case "offerSnap":
      return message.configuration === undefined ? 1 : 2;
    case "proposal":
    case "inform":
    case "offerEntry":
      return message.entry.configuration === undefined ? 1 : 2;
    case "upToDate":
      return message.guest ? 2 : 1;
    case "request":
      return message.members === undefined ? 1 : 2;
    default:
      return 1;
  }
}

/** `prefix`, if there is one, stands before the message: room for what a transport has to say about it. */
export function encodeMessage(message: ReplicaMessage, prefix?: number): Uint8Array {
  return isSlotMessage(message) ? encodeSlotMessage(message, prefix) : encodeZabMessage(message, prefix);
}

/** Throws `malformed-message` for anything that `encodeMessage` does not make. */
export function decodeMessage(bytes: Uint8Array): ReplicaMessage {
  const [number = 0] = bytes;
  return number >= slotKindMin ? decodeSlotMessage(bytes) : decodeZabMessage(bytes);
}
