import { createPrng, type Prng } from "@tutti/stdx";
import { RawClient } from "../integration/raw-client.ts";
import { ChaosClient } from "./chaos-client.ts";
import { type FinalNode, type Operation, violations, watchViolations } from "./history.ts";
import { RealEnsemble, type RealEnsembleOptions } from "./real-ensemble.ts";

export interface ChaosOptions extends RealEnsembleOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly clientCount?: number;
  readonly tell?: (line: string) => void;
}

export interface ChaosReport {
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly unknown: number;
  readonly reads: number;
  /** One-shot watches that were set, and those whose event came. */
  readonly watches: number;
  readonly watchEvents: number;
  readonly sessionsLost: number;
  readonly faults: Readonly<Record<string, number>>;
}

const acl = [{ perms: 31, scheme: "world", id: "anyone" }];

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const readsAtOnce = 500;

/** Long after everything is healed. */
const recoveryMsMax = 20_000;

/** A connection to one server, as soon as it serves; undefined when it does not although nothing is wrong any more. */
async function connectTo(port: number): Promise<RawClient | undefined> {
  const until = performance.now() + recoveryMsMax;
  while (performance.now() < until) {
    const client = new RawClient(port);
    if ((await client.open()) !== undefined) return client;
    client.destroy();
    await sleep(20);
  }
  return undefined;
}

/** One fault after another, never so many that a majority stays away for good. */
class Nemesis {
  readonly counts: Record<string, number> = {};
  readonly #ensemble: RealEnsemble;
  readonly #prng: Prng;
  readonly #tell: (line: string) => void;

  constructor(ensemble: RealEnsemble, prng: Prng, tell: (line: string) => void) {
    this.#ensemble = ensemble;
    this.#prng = prng;
    this.#tell = tell;
  }

  async step(): Promise<void> {
    const faults = [
      ["kill", () => this.#kill([this.#anyone()])],
      ["kill", () => this.#kill([this.#anyone()])],
      ["kill all", () => this.#kill(this.#ensemble.ids)],
      ["pause", () => this.#pause()],
      ["cut", () => this.#cut()],
      ["isolate", () => this.#isolate()],
      ["roll", () => this.#roll()],
    ] as const;
    const [name, fault] = faults[this.#prng.nextBelow(faults.length)] as (typeof faults)[number];
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    await fault();
    await sleep(200 + this.#prng.nextBelow(800));
  }

  #anyone(): number {
    return this.#ensemble.ids[this.#prng.nextBelow(this.#ensemble.ids.length)] as number;
  }

  async #kill(ids: readonly number[]): Promise<void> {
    this.#tell(`kill ${ids.join(", ")}`);
    await Promise.all(ids.map((id) => this.#ensemble.kill(id)));
    await sleep(this.#prng.nextBelow(800));
    await Promise.all(ids.map((id) => this.#ensemble.start(id)));
  }

  /** One server after another is started again, each when the one before it serves. */
  async #roll(): Promise<void> {
    this.#tell("roll");
    for (const id of this.#ensemble.ids) {
      await this.#ensemble.stop(id);
      await this.#ensemble.start(id);
      const client = await connectTo(this.#ensemble.clientPort(id));
      if (client === undefined) throw new Error(`server ${id} serves when it was started again`);
      await client.request({ type: "closeSession" });
      client.destroy();
    }
  }

  async #pause(): Promise<void> {
    const id = this.#anyone();
    this.#tell(`pause ${id}`);
    this.#ensemble.setPaused(id, true);
    await sleep(200 + this.#prng.nextBelow(1500));
    this.#ensemble.setPaused(id, false);
  }

  async #cut(): Promise<void> {
    const left = this.#anyone();
    const right = (left % 3) + 1;
    this.#tell(`cut ${left} from ${right}`);
    this.#ensemble.setCut(left, right, true);
    await sleep(200 + this.#prng.nextBelow(1500));
    this.#ensemble.setCut(left, right, false);
  }

  async #isolate(): Promise<void> {
    const id = this.#anyone();
    const others = this.#ensemble.ids.filter((other) => other !== id);
    this.#tell(`isolate ${id}`);
    for (const other of others) this.#ensemble.setCut(id, other, true);
    await sleep(200 + this.#prng.nextBelow(1500));
    for (const other of others) this.#ensemble.setCut(id, other, false);
  }
}

async function readAll(port: number, paths: readonly string[]): Promise<ReadonlyMap<string, FinalNode> | undefined> {
  const client = await connectTo(port);
  if (client === undefined) return undefined;
  await client.request({ type: "sync", path: "/" });
  const nodes = new Map<string, FinalNode>();
  for (let start = 0; start < paths.length; start += readsAtOnce) {
    const chunk = paths.slice(start, start + readsAtOnce);
    for (const path of chunk) client.ask({ type: "getData", path, watch: false });
    for (const path of chunk) {
      const reply = await client.reply("getData");
      if (reply === undefined) throw new Error("a server that is left alone goes on serving");
      if (reply.body?.type !== "getData") continue;
      const { data, stat } = reply.body;
      nodes.set(path, { value: new TextDecoder().decode(data ?? undefined), mzxid: stat.mzxid, version: stat.version });
    }
  }
  client.destroy();
  return nodes;
}

/** Clients at work on three servers while these are killed, paused and cut off; then everything is healed and judged. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, forMs, clientCount = 6, tell = () => undefined, ...ensembleOptions } = options;
  const ensemble = new RealEnsemble(ensembleOptions);
  try {
    await ensemble.open();
    const setup = await connectTo(ensemble.clientPort(1));
    if (setup === undefined) throw new Error("a fresh ensemble serves");
    for (let index = 0; index < 5; index += 1) {
      await setup.request({
        type: "create",
        path: `/s${index}`,
        data: new TextEncoder().encode("first"),
        acl,
        flags: 0,
      });
    }
    setup.destroy();
    let turns = 0;
    const until = performance.now() + forMs;
    const isOver = (): boolean => performance.now() > until;
    const ports = ensemble.ids.map((id) => ensemble.clientPort(id));
    const clients = Array.from({ length: clientCount }, (_, client) => {
      return new ChaosClient({
        client,
        prng: createPrng(seed * 1000 + client),
        ports,
        turn: () => (turns += 1),
        isOver,
      });
    });
    const working = clients.map((client) => client.run());
    const nemesis = new Nemesis(ensemble, createPrng(seed), tell);
    while (!isOver()) await nemesis.step();
    await Promise.all(working);
    return await judge(ensemble, clients, nemesis.counts);
  } finally {
    await ensemble.close();
  }
}

async function judge(
  ensemble: RealEnsemble,
  clients: readonly ChaosClient[],
  faults: Readonly<Record<string, number>>,
): Promise<ChaosReport> {
  const setup: Operation[] = Array.from({ length: 5 }, (_, index) => ({
    client: -1,
    began: -1,
    ended: -1,
    kind: "create",
    path: `/s${index}`,
    value: "first",
    outcome: "unknown",
    zxid: 0n,
    mzxid: undefined,
    version: undefined,
  }));
  const operations = [...setup, ...clients.flatMap((client) => client.operations)];
  const watches = clients.flatMap((client) => client.watches);
  const paths = [...new Set(operations.map(({ path }) => path))];
  const states = new Map<number, ReadonlyMap<string, FinalNode>>();
  const silent: string[] = [];
  for (const id of ensemble.ids) {
    const state = await readAll(ensemble.clientPort(id), paths);
    if (state === undefined) silent.push(`server ${id} does not serve although everything is healed`);
    else states.set(id, state);
  }
  const count = (kept: (operation: Operation) => boolean): number => operations.filter(kept).length;
  return {
    violations: [...silent, ...violations(operations, states), ...watchViolations(watches, operations)],
    watches: watches.length,
    watchEvents: watches.filter(({ eventZxid }) => eventZxid !== undefined).length,
    acknowledged: count(({ kind, outcome }) => kind !== "get" && outcome === "ok"),
    unknown: count(({ outcome }) => outcome === "unknown") - setup.length,
    reads: count(({ kind, outcome }) => kind === "get" && outcome === "ok"),
    sessionsLost: clients.reduce((sum, client) => sum + client.sessionsLost, 0),
    faults,
  };
}
