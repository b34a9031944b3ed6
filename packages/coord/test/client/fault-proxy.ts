import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between clients and a server, and fails as networks do. */
export interface FaultProxy {
  readonly connectString: string;
  /** Cuts all connections; new ones are taken. */
  cut(): void;
  /** Cuts all connections as soon as the server's next bytes come, which are lost: requests arrive, answers do not. */
  cutBeforeAnswer(): void;
  /** Nothing passes, nothing is closed. */
  blackhole(on: boolean): void;
  /** New connections are refused, those there are cut. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

export async function startFaultProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isSilent = false;
  let isRefusing = false;
  let losesAnswer = false;
  const cut = (): void => {
    losesAnswer = false;
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const server = createServer({ noDelay: true }, (client) => {
    if (isRefusing) {
      client.destroy();
      return;
    }
    const upstream = connect({ ...target, noDelay: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on("data", (bytes: Uint8Array) => {
      if (!isSilent) upstream.write(bytes);
    });
    upstream.on("data", (bytes: Uint8Array) => {
      if (losesAnswer) cut();
      else if (!isSilent) client.write(bytes);
    });
    for (const [one, other] of [pair, [upstream, client] as const]) {
      one.on("error", () => one.destroy());
      one.on("close", () => {
        pairs.delete(pair);
        if (!isSilent) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    connectString: `127.0.0.1:${port}`,
    cut,
    cutBeforeAnswer: () => {
      losesAnswer = true;
    },
    blackhole: (on) => {
      isSilent = on;
      if (!on) cut();
    },
    refuse: (on) => {
      isRefusing = on;
      if (on) cut();
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
