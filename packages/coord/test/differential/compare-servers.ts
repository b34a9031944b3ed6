import { createPrng, type Prng } from "@tutti/stdx";
import type { MultiOp } from "../../src/protocol/multi-request.ts";
import type { Acl } from "../../src/protocol/records.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { RawClient, type RawReply } from "../integration/raw-client.ts";

const connectionCount = 3;
/** The same when a session comes back: another one is a transaction of ours, and none of Apache's. */
const sessionTimeoutMs = 40_000;

const names = ["a", "b", "c"];
const openAcl: readonly Acl[] = [{ perms: 31, scheme: "world", id: "anyone" }];
const acls: readonly (readonly Acl[])[] = [
  openAcl,
  openAcl,
  openAcl,
  openAcl,
  openAcl,
  [{ perms: 1, scheme: "world", id: "anyone" }],
  [{ perms: 31, scheme: "auth", id: "" }],
  [
    { perms: 15, scheme: "world", id: "anyone" },
    { perms: 31, scheme: "digest", id: "u:pjgC7CB3XHCpkGRMnqXYpIqtFDU=" },
  ],
  [{ perms: 31, scheme: "ip", id: "127.0.0.1" }],
  [{ perms: 31, scheme: "ip", id: "10.0.0.0/8" }],
  [],
  [{ perms: 31, scheme: "world", id: "nobody" }],
  [{ perms: 31, scheme: "digest", id: "a:b:c" }],
  [{ perms: 31, scheme: "nonsense", id: "x" }],
];

class Generator {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#prng.nextBelow(values.length)] as T;
  }

  below(bound: number): number {
    return this.#prng.nextBelow(bound);
  }

  chance(percent: number): boolean {
    return this.#prng.nextBelow(100) < percent;
  }

  /** No astral characters: Java echoes each as two three-byte halves, we as four bytes. */
  path(): string {
    if (this.chance(3)) return this.pick(["/", "", "a", "/a/", "//a", "/a/./b", "/a\0b", "/zookeeper", "/x\ud7ff"]);
    let path = "";
    for (let depth = 1 + this.#prng.nextBelow(3); depth > 0; depth -= 1) path += `/${this.pick(names)}`;
    return path;
  }

  version(): number {
    return this.pick([-1, -1, -1, -1, 0, 1, 2, 7]);
  }

  data(): Uint8Array | null {
    return this.pick([null, new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1, 2, 3)]);
  }

  create(insideMulti: boolean): Extract<MultiOp, { type: "create" | "create2" | "createContainer" | "createTtl" }> {
    const type = this.pick(["create", "create", "create2", "createContainer", "createTtl"] as const);
    const common = { path: this.path(), data: this.data(), acl: this.pick(acls) };
    if (type === "createTtl") {
      const flags = this.pick([5, 5, 5, 6, 0]);
      // A negative TTL without a TTL flag passes all checks of ZooKeeper 3.9.4 and then stops the whole server.
      const ttlMs = this.pick(flags === 0 ? [100_000n, 0n] : [100_000n, 0n, -5n, 1n << 41n]);
      return { type, ...common, flags, ttlMs };
    }
    if (type === "createContainer") return { type, ...common, flags: this.pick([4, 4, 4, 4, 0, 1]) };
    return {
      type,
      ...common,
      flags: this.pick(
        insideMulti ? [0, 0, 0, 0, 1, 1, 2, 3, 4, 4, 5, this.chance(10) ? 9 : 0] : [0, 0, 0, 0, 1, 1, 2, 3, 4, 9],
      ),
    };
  }

  multiOp(): MultiOp {
    const path = this.path();
    const version = this.version();
    switch (this.#prng.nextBelow(5)) {
      case 0:
      case 1:
        return this.create(true);
      case 2:
        return { type: "delete", path, version };
      case 3:
        return { type: "setData", path, data: this.data(), version };
      default:
        return { type: "check", path, version };
    }
  }

  request(): Request {
    const path = this.path();
    const version = this.version();
    const watch = this.chance(50);
    switch (this.#prng.nextBelow(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return this.create(false);
      case 5:
      case 6:
        return { type: "delete", path, version };
      case 7:
      case 8:
        return { type: "setData", path, data: this.data(), version };
      case 9:
        return { type: "exists", path, watch };
      case 10:
      case 11:
        return { type: "getData", path, watch };
      case 12:
        return { type: "getChildren", path, watch };
      case 13:
        return { type: "getChildren2", path, watch };
      case 14:
        return { type: "getAcl", path };
      case 15:
        return { type: "setAcl", path, acl: this.pick(acls), version };
      case 16:
      case 17:
        return { type: "multi", ops: Array.from({ length: this.#prng.nextBelow(4) }, () => this.multiOp()) };
      case 18:
        return {
          type: "multiRead",
          ops: Array.from({ length: this.#prng.nextBelow(4) }, () => ({
            type: this.pick(["getData", "getChildren"] as const),
            path: this.path(),
            watch: false,
          })),
        };
      case 19:
        return this.pick<Request>([
          { type: "getAllChildrenNumber", path },
          { type: "getEphemerals", prefixPath: path },
          { type: "sync", path },
        ]);
      case 20:
        return this.pick<Request>([{ type: "whoAmI" }, { type: "ping" }]);
      case 21:
        return {
          type: this.pick(["checkWatches", "removeWatches"] as const),
          path,
          watcherType: this.pick([1, 2, 3, 4, 5, 9]),
        };
      case 22:
        return this.pick<Request>([
          {
            type: "setWatches2",
            relativeZxid: this.pick([0n, 1n << 40n]),
            data: [this.path()],
            exist: [this.path()],
            child: [this.path()],
            persistent: [this.path()],
            persistentRecursive: [],
          },
          { type: "addWatch", path, mode: this.pick([0, 1, 1, 5]) },
        ]);
      default:
        return this.chance(10)
          ? { type: "auth", authType: 0, scheme: "digest", auth: new TextEncoder().encode(this.pick(["u:p", "v:q"])) }
          : { type: "getData", path, watch };
    }
  }
}

interface Side {
  readonly name: string;
  readonly port: number;
  clients: RawClient[];
  zxidBase: bigint;
  sessionIds: bigint[];
}

const sorted = (values: readonly unknown[]): unknown[] => values.map((value) => JSON.stringify(value)).toSorted();

/** What must be equal on both sides: zxids relative, sessions by number, unordered lists sorted, times left out. */
function normal(side: Side, reply: RawReply | undefined): string {
  if (reply === undefined) return "closed";
  const base = side.zxidBase;
  return JSON.stringify(
    {
      xid: reply.header.xid,
      err: reply.header.err,
      zxid: reply.header.zxid > 0n ? reply.header.zxid - base : reply.header.zxid,
      body: reply.body,
      events: reply.events.map(({ type, state, path }) => ({ type, state, path })),
    },
    (key, value: unknown) => {
      if (key === "ctime" || key === "mtime") return undefined;
      if (key === "ephemeralOwner") return `owner ${side.sessionIds.indexOf(value as bigint)}`;
      if (key.endsWith("zxid") && typeof value === "bigint" && value > 0n) return String(value - base);
      if ((key === "children" || key === "ephemerals" || key === "clientInfo") && Array.isArray(value))
        return sorted(value);
      return typeof value === "bigint" ? String(value) : value;
    },
  );
}

async function connectAll(side: Side): Promise<void> {
  for (let index = 0; index < connectionCount; index += 1) {
    const client = new RawClient(side.port);
    const session = await client.open({ timeoutMs: sessionTimeoutMs });
    side.clients.push(client);
    side.sessionIds.push(session?.sessionId ?? 0n);
  }
  // Every connection consumed a zxid, whoever else was there before.
  side.zxidBase = (await side.clients[0]?.request({ type: "ping" }, -2))?.header.zxid ?? 0n;
}

const xidsByType: Partial<Record<Request["type"], number>> = { ping: -2, auth: -4, setWatches: -8, setWatches2: -8 };

/** The same session on a new connection; the answer must be the same on both sides, as must the watches lost. */
async function reattach(side: Side, which: number): Promise<string> {
  const old = side.clients[which];
  const client = new RawClient(side.port);
  const { sessionId = 0n, password = null } = old?.session ?? {};
  const session = await client.open({ sessionId, password, timeoutMs: sessionTimeoutMs, readOnly: undefined });
  side.clients[which] = client;
  return `${session?.timeoutMs} ${session?.sessionId === sessionId} ${session?.readOnly}`;
}

/** A request as bytes, sometimes with its end cut off. */
function encoded(generator: Generator, xid: number, request: Request): Uint8Array {
  const frame = encodeRequest(xid, request);
  if (!generator.chance(3) || request.type === "ping") return frame;
  const cut = frame.slice(0, 12 + generator.below(frame.length - 11));
  new DataView(cut.buffer).setInt32(0, cut.length - 4);
  return cut;
}

export interface Comparison {
  readonly operations: number;
  readonly succeeded: number;
  readonly differences: number;
  /** How often each operation was answered with each error. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface CompareOptions {
  /** Of two servers that are fresh, alone, and have extended types enabled; the oracle comes first. */
  readonly ports: readonly [number, number];
  readonly seed: number;
  readonly operations: number;
  readonly tell: (line: string) => void;
}

const differencesMax = 20;

function shownRequest(request: Request): string {
  return JSON.stringify(request, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

/** Sends the same random requests to two servers and compares what comes back, normalised. */
export async function compareServers({ ports, seed, operations, tell }: CompareOptions): Promise<Comparison> {
  const sides: Side[] = ports.map((port, index) => ({
    name: index === 0 ? "A" : "B",
    port,
    clients: [],
    zxidBase: 0n,
    sessionIds: [],
  }));
  await Promise.all(sides.map(connectAll));
  const generator = new Generator(createPrng(seed));
  const counts = new Map<string, number>();
  let differences = 0;
  let succeeded = 0;
  for (let step = 0; step < operations && differences < differencesMax; step += 1) {
    const request = generator.request();
    const which = Number(generator.chance(50)) + Number(generator.chance(30));
    const xid = xidsByType[request.type] ?? step + 1;
    if (generator.chance(1)) {
      const [attachedA, attachedB] = await Promise.all(sides.map(async (side) => reattach(side, which)));
      if (attachedA !== attachedB) {
        differences += 1;
        tell(`step ${step} re-attached: A ${attachedA} B ${attachedB}`);
      }
    }
    const bytes = encoded(generator, xid, request);
    const replies = await Promise.all(
      sides.map(async (side) => {
        side.clients[which]?.write(bytes);
        return side.clients[which]?.reply(request.type);
      }),
    );
    const [left, right] = sides.map((side, index) => normal(side, replies[index]));
    const key = `${request.type} ${replies[0]?.header.err ?? "closed"}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (replies[0]?.header.err === 0) succeeded += 1;
    if (left !== right) {
      differences += 1;
      tell(`step ${step} connection ${which} ${shownRequest(request)}\n  A ${left}\n  B ${right}`);
    }
    if (replies.includes(undefined)) await Promise.all(sides.map(async (side) => reattach(side, which)));
  }
  for (const side of sides) for (const client of side.clients) await client.request({ type: "closeSession" });
  return { operations, succeeded, differences, counts };
}
