import { connect as dial, createServer, type AddressInfo, type Socket } from "node:net";
import { opcodes } from "../../src/protocol/opcodes.ts";

/** Stands before a server and lets it seem older: it does not know `addWatch`, and ends a connection that sends it. */
export async function startOldServer(target: { readonly host: string; readonly port: number }): Promise<{
  readonly connectString: string;
  /** Cuts all connections. */
  cut(): void;
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = dial({ ...target, noDelay: true });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    upstream.pipe(client);
    let waiting = Buffer.alloc(0);
    let frameCount = 0;
    client.on("data", (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const frame = waiting.subarray(0, 4 + waiting.readInt32BE(0));
        waiting = waiting.subarray(frame.length);
        frameCount += 1;
        // The first frame is the greeting; in all others the operation follows the xid.
        if (frameCount > 1 && frame.readInt32BE(8) === opcodes.addWatch) frame.writeInt32BE(unknownOpcode, 8);
        upstream.write(frame);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    connectString: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const unknownOpcode = 999;
