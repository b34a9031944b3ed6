import { createPrng } from "@tutti/stdx";
import { errorCodes } from "../../src/protocol/error-codes.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { RawClient, type RawReply } from "../integration/raw-client.ts";
import { Generator, type Oracle } from "./generator.ts";

const connectionCount = 3;
const syncXid = 1 << 30;
/** A leader that is further behind is a difference. */
const syncsMax = 1000;
/** The same when a session comes back: another one is a transaction of ours, and none of Apache's. */
const sessionTimeoutMs = 40_000;

interface Side {
  /** Of its servers: one, or an ensemble. */
  readonly ports: readonly number[];
  clients: RawClient[];
  /** What is taken off zxids, from which one on; the newest comes last. */
  bases: { readonly from: bigint; readonly base: bigint }[];
  sessionIds: bigint[];
  /** The highest that any reply told. */
  answeredZxid: bigint;
}

const sorted = (values: readonly unknown[]): unknown[] => values.map((value) => JSON.stringify(value)).toSorted();

function relative({ bases }: Side, zxid: bigint): bigint {
  return zxid - (bases.findLast(({ from }) => from <= zxid)?.base ?? 0n);
}

/**
 * Until the server behind a connection has applied what any of them has answered. One `sync` is enough of ours, which is what is
 * compared then. Apache's leader answers those of its own clients at once, when a follower may already have told of a
 * transaction that the leader itself has committed and not yet applied.
 */
async function catchUp(
  { answeredZxid, ...side }: Side,
  which: number,
  mayRepeat: boolean,
): Promise<RawReply["events"]> {
  const events: RawReply["events"][number][] = [];
  for (let asked = 0; asked < syncsMax; asked += 1) {
    const synced = await side.clients[which]?.request({ type: "sync", path: "/" }, syncXid);
    events.push(...(synced?.events ?? []));
    if (!mayRepeat || synced === undefined || synced.header.zxid >= answeredZxid) break;
  }
  return events;
}

/** What a server has applied when all that was committed before is there. */
async function syncedZxid(client: RawClient | undefined): Promise<bigint> {
  return (await client?.request({ type: "sync", path: "/" }, syncXid))?.header.zxid ?? 0n;
}

/** What must be equal on both sides: zxids relative, sessions by number, unordered lists sorted, times left out. */
function normal(side: Side, reply: RawReply | undefined): string {
  if (reply === undefined) return "closed";
  return JSON.stringify(
    {
      xid: reply.header.xid,
      err: reply.header.err,
      zxid: reply.header.zxid,
      body: reply.body,
      events: reply.events.map(({ type, state, path }) => ({ type, state, path })),
    },
    (key, value: unknown) => {
      if (key === "ctime" || key === "mtime") return undefined;
      if (key === "ephemeralOwner") return `owner ${side.sessionIds.indexOf(value as bigint)}`;
      if (key.endsWith("zxid") && typeof value === "bigint" && value > 0n) return String(relative(side, value));
      if ((key === "children" || key === "ephemerals" || key === "clientInfo") && Array.isArray(value))
        return sorted(value);
      return typeof value === "bigint" ? String(value) : value;
    },
  );
}

function portOf({ ports }: Side, server: number): number {
  return ports[server % ports.length] as number;
}

async function connectAll(side: Side): Promise<void> {
  for (let index = 0; index < connectionCount; index += 1) {
    const client = new RawClient(portOf(side, index));
    const session = await client.open({ timeoutMs: sessionTimeoutMs });
    side.clients.push(client);
    side.sessionIds.push(session?.sessionId ?? 0n);
  }
  // Every connection consumed a zxid, whoever else was there before.
  side.bases = [{ from: 0n, base: await syncedZxid(side.clients[0]) }];
}

const xidsByType: Partial<Record<Request["type"], number>> = { ping: -2, auth: -4, setWatches: -8, setWatches2: -8 };

/** The same session on a new connection, to any server; the answer must be the same on both sides, as must the watches lost. */
async function reattach(side: Side, which: number, server: number): Promise<string> {
  const old = side.clients[which];
  const client = new RawClient(portOf(side, server));
  const { sessionId = 0n, password = null } = old?.session ?? {};
  const session = await client.open({ sessionId, password, timeoutMs: sessionTimeoutMs, readOnly: undefined });
  side.clients[which] = client;
  return `${session?.timeoutMs} ${session?.sessionId === sessionId} ${session?.readOnly}`;
}

/** A session that moves to another server of ours takes a transaction, which says whose it is; Apache's leader just knows. */
async function realign([oracle, ours]: readonly Side[], which: number): Promise<void> {
  if (oracle === undefined || ours === undefined || ours.ports.length === 1) return;
  const [theirs, own] = await Promise.all([oracle, ours].map(async ({ clients }) => syncedZxid(clients[which])));
  if (theirs === undefined || own === undefined) return;
  const wanted = relative(oracle, theirs);
  if (relative(ours, own) !== wanted) ours.bases.push({ from: own, base: own - wanted });
}

/** A request with its end cut off. */
function cutOff(generator: Generator, frame: Uint8Array): Uint8Array {
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
  /**
   * Of two servers, or of two ensembles, that are fresh, alone, and have extended types enabled; the oracle comes first. In an
   * ensemble each request follows a `sync`, so that it finds the same state on both sides.
   */
  readonly ports: readonly [oracle: readonly number[], ours: readonly number[]];
  /** Default 3.9. */
  readonly oracle?: Oracle;
  readonly seed: number;
  readonly operations: number;
  readonly tell: (line: string) => void;
}

const differencesMax = 20;

/** How a request ended; of a multi, also how its operations did. */
function outcomesOf({ type }: Request, reply: RawReply | undefined): readonly string[] {
  const outcomes = [`${type} ${reply?.header.err ?? "closed"}`];
  if (reply?.body?.type === "multi" || reply?.body?.type === "multiRead") {
    for (const result of reply.body.results) if (result.type === "error") outcomes.push(`${type} with ${result.err}`);
  }
  return outcomes;
}

function shownRequest(request: Request): string {
  return JSON.stringify(request, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

/** Sends the same random requests to two servers and compares what comes back, normalised. */
export async function compareServers(options: CompareOptions): Promise<Comparison> {
  const { ports, oracle = "3.9", seed, operations, tell } = options;
  const sides: Side[] = ports.map((own) => ({
    ports: own,
    clients: [],
    bases: [],
    sessionIds: [],
    answeredZxid: 0n,
  }));
  await Promise.all(sides.map(connectAll));
  const generator = new Generator(createPrng(seed), oracle);
  const counts = new Map<string, number>();
  let differences = 0;
  let succeeded = 0;
  for (let step = 0; step < operations && differences < differencesMax; step += 1) {
    const request = generator.request();
    const which = Number(generator.chance(50)) + Number(generator.chance(30));
    const xid = xidsByType[request.type] ?? step + 1;
    if (generator.chance(1)) {
      const server = generator.below(ports[0].length);
      const [attachedA, attachedB] = await Promise.all(sides.map(async (side) => reattach(side, which, server)));
      await realign(sides, which);
      if (attachedA !== attachedB) {
        differences += 1;
        tell(`step ${step} re-attached: A ${attachedA} B ${attachedB}`);
      }
    }
    const frame = encodeRequest(xid, request);
    // A follower of Apache's that is sent half a write serves nobody from then on.
    const mayCut = ports[0].length === 1 && oracle === "3.9";
    const isCut = mayCut && request.type !== "ping" && generator.chance(3);
    const bytes = isCut ? cutOff(generator, frame) : frame;
    const replies = await Promise.all(
      sides.map(async (side) => {
        const client = side.clients[which];
        // What came with it are events of changes before it, which another server may have told at another moment.
        const earlier = side.ports.length > 1 ? await catchUp(side, which, side === sides[0]) : [];
        client?.write(bytes);
        const reply = await client?.reply(request.type);
        // The connection is closed next: a request in between would meet it or not.
        if (reply?.header.err === errorCodes.authFailed) await client?.reply(request.type);
        if (reply === undefined) return undefined;
        if (reply.header.zxid > side.answeredZxid) side.answeredZxid = reply.header.zxid;
        return { ...reply, events: [...earlier, ...reply.events] };
      }),
    );
    const [left, right] = sides.map((side, index) => normal(side, replies[index]));
    for (const key of outcomesOf(request, replies[0])) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (replies[0]?.header.err === 0) succeeded += 1;
    const isRefusedByUsAlone = request.type === "exists" && replies[1]?.header.err === errorCodes.noAuth;
    if (left !== right && !(oracle === "3.8" && isRefusedByUsAlone)) {
      differences += 1;
      tell(`step ${step} connection ${which} ${shownRequest(request)}\n  A ${left}\n  B ${right}`);
    }
    if (sides.some((side) => side.clients[which]?.closed)) {
      await Promise.all(sides.map(async (side) => reattach(side, which, which)));
      await realign(sides, which);
    }
  }
  for (const side of sides) for (const client of side.clients) await client.request({ type: "closeSession" });
  return { operations, succeeded, differences, counts };
}
