// A replicated key-value store on @tutti/consensus alone: three replicas with files and TCP links, by ZAB and by Paxos. One is
// lost and comes back; what was acknowledged is there.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  createFileDisk,
  createTcpTransport,
  openReplica,
  paxos,
  zab,
  type MemberAddress,
  type Protocol,
  type Replica,
} from "@tutti/consensus";
import { decodeAnswer, encodeCommand, Store, type Command } from "./store.ts";

interface Member {
  readonly store: Store;
  readonly replica: Replica;
}

const put = async ({ replica }: Member, command: Command): Promise<string> =>
  decodeAnswer((await replica.propose(encodeCommand(command))).answer);
const get = ({ replica, store }: Member, key: string): Promise<string | undefined> =>
  replica.read(() => store.get(key));

/** Three replicas in `folder`, which agree by a protocol. */
async function play(folder: string, protocol: () => Protocol): Promise<void> {
  const addresses = new Map<number, MemberAddress>();
  const open = async (id: number): Promise<Member> => {
    const listen = addresses.get(id) ?? { host: "127.0.0.1", port: 0 };
    const transport = await createTcpTransport({ id, listen, addressOf: (other) => addresses.get(other) });
    addresses.set(id, transport.address);
    const store = new Store();
    const storage = createFileDisk(path.join(folder, String(id)));
    const options = { id, members: [1, 2, 3], protocol: protocol(), machine: store, storage, transport };
    return { store, replica: await openReplica(options) };
  };

  const [one, two, three] = await Promise.all([open(1), open(2), open(3)]);
  console.log("green:", await put(one, { key: "colour", value: "green" }));
  console.log("read on another replica:", await get(three, "colour"));
  console.log("blue, if it is red:", await put(two, { key: "colour", value: "blue", expected: "red" }));
  console.log("blue, if it is green:", await put(two, { key: "colour", value: "blue", expected: "green" }));

  await one.replica.close();
  console.log("one is gone; size:", await put(three, { key: "size", value: "large" }));

  const again = await open(1);
  console.log("one is back; it reads:", await get(again, "colour"), await get(again, "size"));
  for (const { replica } of [again, two, three]) await replica.close();
}

const folder = await mkdtemp(path.join(tmpdir(), "key-value-store-"));
for (const [name, protocol] of Object.entries({ zab, paxos })) {
  console.log(`by ${name}`);
  await play(path.join(folder, name), () => protocol());
}
await rm(folder, { recursive: true });
