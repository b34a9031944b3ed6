import { dial, type Link } from "@tutti/link";
import { openChannel, problemOf, type Channel } from "./channel.ts";
import { linkOptions, type ClusterSecurity } from "./cluster-link.ts";
import type { BlockSource } from "./fetch-inputs.ts";
import type { HeldBlock } from "./messages.ts";

/** Links between workers: one to each that blocks were fetched from, and those of the others that fetch here. */
export interface Peers {
  readonly accept: (link: Link) => void;
  readonly fetch: BlockSource["fetch"];
  readonly close: () => void;
}

export function createPeers(directory: string, security: ClusterSecurity): Peers {
  const links = new Set<Link>();
  const dialed = new Map<string, Promise<Channel>>();

  const open = (link: Link, onDown: () => void): Channel => {
    links.add(link);
    const ended = (): void => {
      links.delete(link);
      onDown();
    };
    return openChannel({ link, directory, onMessage: () => undefined, onDown: ended });
  };
  const channelTo = ({ host, port }: HeldBlock): Promise<Channel> => {
    const name = `${host}:${port}`;
    const forget = (): void => void dialed.delete(name);
    const present = dialed.get(name);
    if (present !== undefined) return present;
    const dialing = dial({ host, port }, linkOptions(`worker ${process.pid}`, {}, security)).then((link) =>
      open(link, forget),
    );
    dialing.catch(forget);
    dialed.set(name, dialing);
    return dialing;
  };
  return {
    accept: (link) => void open(link, () => undefined),
    async fetch(from, ranges, take, isChecked) {
      try {
        return await (await channelTo(from)).fetch(ranges, take, isChecked);
      } catch (thrown) {
        return problemOf(thrown);
      }
    },
    close() {
      for (const link of [...links]) link.destroy();
    },
  };
}
