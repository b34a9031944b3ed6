import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A way between two servers that can be cut: connections break, and new ones are refused until it is mended. */
export class LinkProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect({ host: "127.0.0.1", port: target });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      if (this.#isCut) near.destroy();
      near.pipe(far).pipe(near);
    });
  }

  static async to(target: number): Promise<LinkProxy> {
    const proxy = new LinkProxy(target);
    await new Promise<void>((resolve) => {
      proxy.#server.listen({ host: "127.0.0.1", port: 0 }, resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  setCut(isCut: boolean): void {
    this.#isCut = isCut;
    if (isCut) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.setCut(true);
  }
}
