import type { Pipeline } from "../pipeline/pipeline.ts";
import type { ConnectionHost, SendOutcome } from "../ports/connection-host.ts";
import type { ByteChannel, ByteChannelListener } from "../ports/byte-channel.ts";

/**
 * A connection without a socket. Bytes go through the same decoder, session and pipeline as any client's; each side
 * hears of them in a turn of its own, as from a socket.
 */
export function createEmbeddedChannel(pipeline: Pipeline, isOpen: () => boolean): ByteChannel {
  let listener: ByteChannelListener | undefined;
  let isClosed = false;
  const deliveries: (() => void)[] = [];
  const later = (delivery: () => void): void => {
    deliveries.push(delivery);
    if (deliveries.length > 1) return;
    setImmediate(() => {
      for (const deliver of deliveries.splice(0)) deliver();
    });
  };
  const end = (): void => {
    if (isClosed) return;
    isClosed = true;
    later(() => listener?.closed(undefined));
  };
  let paused: (() => void)[] | undefined;
  const host: ConnectionHost = {
    remoteAddress: "127.0.0.1",
    isSecure: true,
    subject: undefined,
    remoteName: "embedded",
    send: (bytes): SendOutcome => {
      later(() => {
        if (!isClosed) listener?.bytes(bytes);
      });
      return "free";
    },
    close: () => later(end),
    setPaused: (isPaused) => {
      if (isPaused) paused ??= [];
      else for (const resume of resumed()) later(resume);
    },
  };
  const resumed = (): readonly (() => void)[] => {
    const held = paused ?? [];
    paused = undefined;
    return held;
  };
  let connection: ReturnType<Pipeline["open"]> | undefined;
  const hangUp = (): void => {
    later(() => connection?.disconnected());
    end();
  };
  return {
    open: (given) => {
      listener = given;
      if (!isOpen()) return end();
      connection = pipeline.open(host);
      later(() => given.opened());
    },
    send: (bytes) => {
      const deliver = (): void => connection?.receive(bytes);
      if (paused === undefined) later(deliver);
      else paused.push(deliver);
    },
    close: hangUp,
    destroy: hangUp,
  };
}
