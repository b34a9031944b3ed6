/** One operation of one client, with the turn in which it began and ended, as counted by the one process of all clients. */
export interface Operation {
  readonly client: number;
  readonly began: number;
  readonly ended: number;
  readonly kind: "create" | "set" | "get";
  readonly path: string;
  /** What was written, or read. Values are never written twice. */
  readonly value: string | undefined;
  /** `unknown`: the connection was lost before the answer. */
  readonly outcome: "ok" | "refused" | "unknown";
  /** Of the reply's header: for a write, its position. */
  readonly zxid: bigint;
  /** For a get that found something. */
  readonly mzxid: bigint | undefined;
  /** Of the node after a set. */
  readonly version: number | undefined;
}

/** A one-shot watch on data, on one connection. */
export interface WatchRecord {
  readonly client: number;
  readonly path: string;
  /** What the server had applied when it was set; undefined for an event that came without a watch. */
  readonly armedZxid: bigint | undefined;
  /** The newest zxid that a reply on this connection has shown since, before the event. */
  seenZxid: bigint;
  eventZxid: bigint | undefined;
}

/**
 * One event for each watch, for the first change after it was set, before anything else shows that change. `writes` are
 * the acknowledged ones; others may have fired a watch earlier.
 */
export function* watchViolations(watches: readonly WatchRecord[], operations: readonly Operation[]): Generator<string> {
  const writes = operations.filter(({ kind, outcome }) => kind === "set" && outcome === "ok");
  const byPath = new Map(
    [...Map.groupBy(writes, ({ path }) => path)].map(([path, list]) => {
      return [path, list.map(({ zxid }) => zxid).toSorted((left, right) => (left < right ? -1 : 1))] as const;
    }),
  );
  for (const { client, path, armedZxid, seenZxid, eventZxid } of watches) {
    const at = `client ${client}, ${path}, watched at ${armedZxid?.toString(16)}`;
    if (armedZxid === undefined) {
      yield `an event without a watch: client ${client}, ${path}, at ${seenZxid.toString(16)}`;
      continue;
    }
    const zxids = byPath.get(path) ?? [];
    const first = zxids[firstAbove(zxids, armedZxid)];
    if (eventZxid !== undefined && eventZxid <= armedZxid) yield `an event of a change before its watch: ${at}`;
    if (first === undefined) continue;
    if (eventZxid === undefined && seenZxid >= first) yield `a watch missed ${first.toString(16)}: ${at}`;
    if (eventZxid !== undefined && eventZxid > first) yield `a watch passed over ${first.toString(16)}: ${at}`;
  }
}

/** Index of the first element above a bound; they are sorted. */
function firstAbove(sorted: readonly bigint[], bound: bigint): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0n) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What is at a path in the end, at one server. */
export interface FinalNode {
  readonly value: string;
  readonly mzxid: bigint;
  readonly version: number;
}

function describe(operation: Operation): string {
  const { client, kind, path, value, zxid } = operation;
  return `client ${client} ${kind} ${path} ${value ?? ""} at ${zxid.toString(16)}`;
}

/**
 * What ZooKeeper promises, checked with the zxids as witness: writes are linearizable, each client sees its own time
 * go forward, a read shows the newest write before its zxid, and what was acknowledged is there in the end.
 */
export function violations(
  operations: readonly Operation[],
  servers: ReadonlyMap<number, ReadonlyMap<string, FinalNode>>,
): readonly string[] {
  const writes = operations.filter(({ kind, outcome }) => kind !== "get" && outcome === "ok");
  return [
    ...uniquePositions(writes),
    ...realTime(writes),
    ...clientOrder(operations),
    ...reads(operations, writes),
    ...finalState(operations, writes, servers),
  ];
}

function* uniquePositions(writes: readonly Operation[]): Generator<string> {
  const taken = new Map<bigint, Operation>();
  for (const write of writes) {
    const other = taken.get(write.zxid);
    if (other !== undefined) yield `two writes have one position: ${describe(write)}, ${describe(other)}`;
    taken.set(write.zxid, write);
  }
}

/** A write that ended before another began has the smaller position: sweep over the ends in order of the beginnings. */
function* realTime(writes: readonly Operation[]): Generator<string> {
  const byBegin = writes.toSorted((left, right) => left.began - right.began);
  const byEnd = writes.toSorted((left, right) => left.ended - right.ended);
  let highest: Operation | undefined;
  let next = 0;
  for (const write of byBegin) {
    for (; (byEnd[next]?.ended ?? Number.POSITIVE_INFINITY) < write.began; next += 1) {
      const ended = byEnd[next] as Operation;
      if (highest === undefined || ended.zxid > highest.zxid) highest = ended;
    }
    if (highest !== undefined && highest.zxid > write.zxid) {
      yield `a later write has an earlier position: ${describe(highest)} ended before ${describe(write)} began`;
    }
  }
}

function* clientOrder(operations: readonly Operation[]): Generator<string> {
  const seen = new Map<number, Operation>();
  for (const operation of operations.filter(({ outcome }) => outcome !== "unknown")) {
    const before = seen.get(operation.client);
    if (before !== undefined && before.zxid > operation.zxid) {
      yield `a client went back in time: ${describe(before)}, then ${describe(operation)}`;
    }
    seen.set(operation.client, operation);
  }
}

/** A read at z shows the newest acknowledged write up to z, or one whose outcome nobody knows. */
function* reads(operations: readonly Operation[], writes: readonly Operation[]): Generator<string> {
  const byPath = Map.groupBy(writes, ({ path }) => path);
  for (const list of byPath.values()) list.sort((left, right) => (left.zxid < right.zxid ? -1 : 1));
  const zxidsByPath = new Map([...byPath].map(([path, list]) => [path, list.map((write) => write.zxid)]));
  const written = new Set(operations.filter(({ kind }) => kind !== "get").map(({ path, value }) => `${path} ${value}`));
  for (const read of operations) {
    if (read.kind !== "get" || read.outcome !== "ok" || read.mzxid === undefined) continue;
    const { mzxid, zxid } = read;
    if (mzxid > zxid) yield `a read shows the future: ${describe(read)} has ${mzxid.toString(16)}`;
    if (!written.has(`${read.path} ${read.value}`)) yield `a read shows what nobody wrote: ${describe(read)}`;
    const newest = byPath.get(read.path)?.[firstAbove(zxidsByPath.get(read.path) ?? [], zxid) - 1];
    if (newest !== undefined && newest.zxid > mzxid) {
      yield `a read misses a write: ${describe(read)} has ${mzxid.toString(16)}, not ${describe(newest)}`;
    }
    if (newest?.zxid === mzxid && newest.value !== read.value) {
      yield `a read shows another value: ${describe(read)}, not ${describe(newest)}`;
    }
  }
}

function* finalState(
  operations: readonly Operation[],
  writes: readonly Operation[],
  servers: ReadonlyMap<number, ReadonlyMap<string, FinalNode>>,
): Generator<string> {
  const [first, ...others] = servers;
  if (first === undefined) return;
  const show = (nodes: ReadonlyMap<string, FinalNode>): string =>
    [...nodes]
      .map(([path, { value, mzxid, version }]) => `${path} ${value} ${mzxid} ${version}`)
      .toSorted()
      .join("\n");
  for (const [id, nodes] of others) {
    if (show(nodes) !== show(first[1])) yield `servers ${first[0]} and ${id} hold different states`;
  }
  const unknown = new Set(
    operations.filter(({ outcome }) => outcome === "unknown").map(({ path, value }) => `${path} ${value}`),
  );
  for (const [path, list] of Map.groupBy(writes, (write) => write.path)) {
    const last = list.reduce((left, right) => (left.zxid > right.zxid ? left : right));
    const node = first[1].get(path);
    if (node === undefined) yield `an acknowledged write is lost: ${describe(last)}`;
    else if (node.mzxid < last.zxid) yield `an acknowledged write is lost: ${describe(last)}, there is ${node.value}`;
    else if (node.value !== last.value && !unknown.has(`${path} ${node.value}`)) {
      yield `a value that nobody wrote last is at ${path}: ${node.value}, not ${describe(last)}`;
    }
    const sets = list.filter(({ kind }) => kind === "set");
    const versions = new Set(sets.map(({ version }) => version));
    if (versions.size !== sets.length) yield `two sets of ${path} made the same version`;
  }
}
