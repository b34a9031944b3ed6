import type { ByteChannel } from "../ports/byte-channel.ts";
import type { ClientClock } from "./client-clock.ts";

const answerMsMax = 1000;
const answerBytesMax = 64;

/**
 * Asks a server, by the word that ZooKeeper has for it, whether it takes writes. Silence, a refusal and anything but a
 * yes are a no. Returns how to give up; `tell` is not called after that.
 */
export function probeServer(
  { channel, clock }: { readonly channel: ByteChannel; readonly clock: ClientClock },
  tell: (isWritable: boolean) => void,
): () => void {
  let answer = "";
  let isOver = false;
  const end = (isWritable: boolean | undefined): void => {
    if (isOver) return;
    isOver = true;
    cancel();
    channel.destroy();
    if (isWritable !== undefined) tell(isWritable);
  };
  const cancel = clock.after(answerMsMax, () => end(false), { unref: true });
  channel.open({
    opened: () => channel.send(new TextEncoder().encode("isro")),
    bytes: (chunk) => {
      answer += new TextDecoder().decode(chunk);
      if (answer.length > answerBytesMax) end(false);
    },
    closed: () => end(answer.trim() === "rw"),
  });
  return () => end(undefined);
}
