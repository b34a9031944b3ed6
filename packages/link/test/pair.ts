import { connect, createServer, type Socket } from "node:net";
import { dial, listenForLinks, type Link, type LinkError, type LinkOptions, type LinkServer } from "../src/index.ts";

export const identity = { protocol: "test", version: 1, cluster: "c", node: "n" } as const;

export interface Pair extends AsyncDisposable {
  readonly dialed: Link;
  readonly accepted: Link;
}

/** Hears everything of a link, in order. */
export class Ear {
  readonly frames: Uint8Array[] = [];
  readonly down: Promise<LinkError>;
  #waiting: (() => void)[] = [];

  constructor(link: Link) {
    let tell: (reason: LinkError) => void = () => undefined;
    this.down = new Promise((resolve) => {
      tell = resolve;
    });
    link.listen({
      frame: (bytes) => {
        this.frames.push(bytes.slice());
        for (const wake of this.#waiting.splice(0)) wake();
      },
      down: tell,
    });
  }

  async heard(count: number): Promise<readonly Uint8Array[]> {
    while (this.frames.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    return this.frames;
  }
}

/** What both ends of an attempt said: a link or an error each. */
export interface Attempt {
  readonly server: LinkServer;
  readonly dialed: Promise<Link>;
  readonly accepted: Promise<Link>;
}

export async function attempt(
  dialing: Partial<LinkOptions>,
  listening: Partial<LinkOptions> & { admit?: (peer: { node: string }) => string | undefined } = {},
  through: (port: number) => Promise<number> = async (port) => port,
): Promise<Attempt> {
  let onLink: (link: Link) => void = () => undefined;
  let onFailure: (error: LinkError) => void = () => undefined;
  const accepted = new Promise<Link>((resolve, reject) => {
    onLink = resolve;
    onFailure = reject;
  });
  accepted.catch(() => undefined);
  const server = await listenForLinks({ host: "127.0.0.1", port: 0 }, { identity, ...listening, onLink, onFailure });
  const dialed = dial({ host: "127.0.0.1", port: await through(server.address.port) }, { identity, ...dialing });
  dialed.catch(() => undefined);
  return { server, dialed, accepted };
}

/** A proxy that shows every chunk on its way to the acceptor. */
export function proxy(change: (chunk: Buffer, count: number) => Buffer | undefined): (port: number) => Promise<number> {
  return async (port) => {
    const server = createServer((near: Socket) => {
      const far = connect({ host: "127.0.0.1", port });
      let count = 0;
      near.on("data", (chunk: Buffer) => {
        count += 1;
        const changed = change(chunk, count);
        if (changed !== undefined) far.write(changed);
      });
      far.pipe(near);
      near.on("close", () => far.destroy()).on("error", () => undefined);
      far.on("close", () => near.destroy()).on("error", () => undefined);
    });
    server.unref();
    return new Promise((resolve) => {
      server.listen({ host: "127.0.0.1", port: 0 }, () => resolve((server.address() as { port: number }).port));
    });
  };
}
