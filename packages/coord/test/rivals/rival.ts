// A process that uses one recipe over and over, to be killed, stopped and cut off by its parent, which it tells everything.
import { createPrng } from "@tutti/stdx";
import { connect, CoordError, type Session } from "../../src/index.ts";
import {
  createCache,
  createCounter,
  createElection,
  createLock,
  createQueue,
  type Lease,
  type NodeCache,
  type Queue,
} from "../../src/recipes/index.ts";
import type { FromRival, RivalOrders, ToRival } from "./messages.ts";

const orders = JSON.parse(process.argv[2] ?? "") as RivalOrders;
const { work, name, path } = orders;
const tell = (message: FromRival): void => void process.send?.(message);

let isStopping = false;
let onGo: (() => void) | undefined;
let cache: NodeCache | undefined;

const session = await connect(orders.connectString, {
  sessionTimeoutMs: orders.sessionTimeoutMs,
  backoffMs: 10,
  backoffMsMax: 100,
  renew: true,
});
// With its parent it ends too.
process.once("disconnect", () => process.exit());
const stopping = new AbortController();
process.on("message", (message: ToRival) => {
  if (message.kind === "go") onGo?.();
  else if (message.kind === "stop") {
    isStopping = true;
    stopping.abort();
  } else tell({ kind: "nodes", nodes: new Map([...(cache?.nodes ?? [])].map(([at, { stat }]) => [at, stat.mzxid])) });
});
tell({ kind: "ready" });

/** What a connection or a session that is lost does to a call; everything else is a failure of the test. */
function isPassing(thrown: unknown): boolean {
  return thrown instanceof CoordError && thrown.code !== "closed";
}

async function repeat(one: () => Promise<void>): Promise<void> {
  while (!isStopping) {
    try {
      await one();
    } catch (thrown) {
      if (!isPassing(thrown)) throw thrown;
    }
  }
}

async function hold(acquire: () => Promise<Lease>): Promise<void> {
  const lease = await acquire();
  const token = lease.fencingToken;
  const told = new Promise<void>((resolve) => {
    onGo = resolve;
  });
  tell({ kind: "held", token });
  await told;
  tell({ kind: "write", token });
  try {
    const [stat] = await session.transaction().guard(lease.check).set(`${path}-guarded`, String(token)).commit();
    tell({ kind: "guarded", token, mzxid: stat.mzxid });
  } catch (thrown) {
    if (!isPassing(thrown)) throw thrown;
    tell({ kind: "guardRefused", token });
  }
  await lease.release();
}

/** Each item once: what became of it is told, also when nobody knows. `after` follows what was made. */
async function make(
  run: (item: string) => Promise<unknown>,
  after: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const incarnation = crypto.randomUUID().slice(0, 8);
  let made = 0;
  await repeat(async () => {
    made += 1;
    const item = `${name}-${incarnation}-${made}`;
    tell({ kind: "begin", item });
    try {
      await run(item);
      tell({ kind: "done", item });
    } catch (thrown) {
      tell({ kind: "unknown", item });
      throw thrown;
    }
    await after();
  });
}

const decoder = new TextDecoder();

async function takeOne(queue: Queue): Promise<void> {
  const item = await queue.take({ signal: stopping.signal });
  tell({ kind: "took", item: decoder.decode(item.data) });
  await item.done();
}

async function keepCache(): Promise<void> {
  while (!isStopping) {
    cache = createCache(session, path);
    await cache.stopped;
  }
}

async function scribble(): Promise<void> {
  const prng = createPrng(Number.parseInt(crypto.randomUUID().slice(0, 8), 16));
  await repeat(async () => {
    const place = `${path}/${prng.nextBelow(6)}/${prng.nextBelow(6)}`;
    if (prng.nextBelow(4) === 0) await session.delete(place);
    else await session.createOrSet(place, String(prng.nextBelow(1000)));
  });
}

function run(on: Session): Promise<unknown> {
  if (work === "lock") {
    const lock = createLock(on, path);
    return repeat(() => hold(() => lock.acquire()));
  }
  if (work === "leadership") {
    const election = createElection(on, path);
    return repeat(() => hold(() => election.campaign()));
  }
  if (work === "counter") {
    const counter = createCounter(on, path);
    return make(() => counter.add(1));
  }
  if (work === "queue") {
    const queue = createQueue(on, path);
    // As many are taken as are put, so that the queue stays short.
    return make(
      (item) => queue.put(item),
      () => takeOne(queue),
    );
  }
  void keepCache();
  return scribble();
}

await run(session);
tell({ kind: "stopped" });
