import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}

/** What passes: what dialers say, or what they are told. */
type Direction = "fromDialers" | "toDialers";
/** What is lost. */
export type LostDirection = Direction | "both";

/** Stands in front of a listener and loses what passes in one direction, while the other one goes on, or in both. */
export interface LossyProxy {
  readonly address: ProxyAddress;
  /**
   * From now on, nothing passes in this direction: of connections that are there, and of those that come. `isMeant` is asked with
   * the first bytes that the dialer said. Default: all.
   */
  cut(direction: LostDirection, isMeant?: (greeting: string) => boolean): void;
  /** Everything passes again. Connections of which bytes are missing are closed. */
  heal(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly dialer: Socket;
  readonly target: Socket;
  greeting: string;
  hasLost: boolean;
}

export async function startLossyProxy(target: ProxyAddress): Promise<LossyProxy> {
  const pairs = new Set<Pair>();
  let lost: { readonly direction: LostDirection; readonly isMeant: (greeting: string) => boolean } | undefined;

  const carry = (pair: Pair, direction: Direction): void => {
    const [from, to] = direction === "fromDialers" ? [pair.dialer, pair.target] : [pair.target, pair.dialer];
    from.on("data", (bytes: Uint8Array) => {
      if (direction === "fromDialers" && pair.greeting === "") pair.greeting = Buffer.from(bytes).toString("latin1");
      if ((lost?.direction === direction || lost?.direction === "both") && lost.isMeant(pair.greeting)) {
        pair.hasLost = true;
        return;
      }
      if (!to.write(bytes)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    });
    from.on("error", () => from.destroy());
    from.on("close", () => {
      to.destroy();
      pairs.delete(pair);
    });
  };

  const server = createServer({ noDelay: true }, (dialer) => {
    const pair: Pair = { dialer, target: connect({ ...target, noDelay: true }), greeting: "", hasLost: false };
    pairs.add(pair);
    carry(pair, "fromDialers");
    carry(pair, "toDialers");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { address: host, port } = server.address() as AddressInfo;
  return {
    address: { host, port },
    cut(direction, isMeant = () => true) {
      lost = { direction, isMeant };
    },
    heal() {
      lost = undefined;
      for (const { dialer, hasLost } of pairs) if (hasLost) dialer.destroy();
    },
    async close() {
      for (const { dialer, target: upstream } of pairs) for (const socket of [dialer, upstream]) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
