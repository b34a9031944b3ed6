import {
  createSimWorld,
  createTorment,
  createTrace,
  type SimWorld,
  type Torment,
  type Trace,
} from "@tutti/consensus/sim";
import { assert, type Prng } from "@tutti/stdx";
import { resolveServerOptions } from "../../src/server/server-options.ts";
import { Judge } from "./judge.ts";
import { SimClient } from "./sim-client.ts";
import { type HeldLock, ShippedClient } from "./shipped-client.ts";
import { SimLines } from "./sim-lines.ts";
import { type ServerShape, SimServer } from "./sim-server.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Virtual time with faults. Default 1500. */
  readonly durationMs?: number;
  /** Keeps the last lines of the trace. */
  readonly trace?: boolean;
}

export interface SimulationReport {
  readonly seed: number;
  /** What went wrong, or undefined. */
  readonly violation: string | undefined;
  readonly events: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly traceHash: number;
  readonly trace: readonly string[];
}

interface Ensemble {
  readonly world: SimWorld;
  readonly torment: Torment;
  readonly judge: Judge;
  readonly lines: SimLines;
  readonly servers: ReadonlyMap<number, SimServer>;
  readonly clients: readonly (SimClient | ShippedClient)[];
  readonly trace: Trace;
  readonly shape: ServerShape;
}

/** Virtual time within which healed servers must serve everybody, and silent sessions must be over. */
const healMs = 10_000;

/** Servers and clients under one seed: faults first; then they are left alone, and everything must come right. */
export async function simulateServers(options: SimulationOptions): Promise<SimulationReport> {
  const { durationMs = 1500 } = options;
  const ensemble = createEnsemble(options, durationMs);
  const { world, torment, judge, lines, clients, trace } = ensemble;
  let violation: string | undefined;
  try {
    for (const id of world.ids) world.start(id);
    for (const client of clients) client.start();
    torment.start();
    await world.run(durationMs);
    await healed(ensemble, torment.heal());
    judge.finish();
  } catch (thrown) {
    violation = thrown instanceof Error ? thrown.message : String(thrown);
    if (options.trace === true && thrown instanceof Error) trace.note(0, "failure", thrown.stack ?? "");
  }
  return {
    seed: options.seed,
    violation,
    events: world.eventCount,
    counts: { ...judge.counts, ...sumOf(clients.map(({ counts }) => ({ ...counts }))) },
    faults: { ...torment.counts, ...prefixed("line", lines.counts) },
    traceHash: trace.hash,
    trace: trace.lines,
  };
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix} ${name}`, count]));
}

function drawShape(chance: Prng): ServerShape {
  const voterCount = [3, 3, 3, 3, 5, 1][chance.nextBelow(6)] ?? 3;
  const observerCount = chance.nextUnit() < 0.2 ? 1 : 0;
  const ids = Array.from({ length: voterCount + observerCount }, (_, index) => index + 1);
  const sessionTimeoutMsMin = 150 + chance.nextBelow(chance.nextUnit() < 0.5 ? 100 : 500);
  const isNarrow = chance.nextUnit() < 0.3;
  const options = resolveServerOptions({
    tickTimeMs: 20 + chance.nextBelow(40),
    sessionTimeoutMsMin,
    sessionTimeoutMsMax: sessionTimeoutMsMin + 100 + chance.nextBelow(500),
    reapIntervalMs: 150,
    snapshotTxns: chance.nextUnit() < 0.2 ? 1 << 30 : 5 + chance.nextBelow(80),
    ...(isNarrow
      ? { outstandingPerConnectionMax: 1 + chance.nextBelow(4), outstandingMax: 2 + chance.nextBelow(8) }
      : {}),
  });
  return {
    members: { voters: ids.slice(0, voterCount), observers: ids.slice(voterCount) },
    options,
    tickMs: 10,
    segmentBytes: 4096 << chance.nextBelow(4),
    retainedEntriesMax: chance.nextUnit() < 0.4 ? 1024 : chance.nextBelow(chance.nextUnit() < 0.5 ? 3 : 30),
    viewChunkBytes: chance.nextUnit() < 0.3 ? 1 << 16 : 100 + chance.nextBelow(600),
    compareEvery: 1 + chance.nextBelow(40),
  };
}

function createEnsemble(options: SimulationOptions, durationMs: number): Ensemble {
  const servers = new Map<number, SimServer>();
  const serverOf = (id: number): SimServer => {
    const server = servers.get(id);
    assert(server !== undefined, `server ${id} is simulated`);
    return server;
  };
  const drawn = createSimWorld({ seed: options.seed, ids: [], main: () => undefined });
  const shape = drawShape(drawn.chance(1));
  const { voters, observers } = shape.members;
  const world: SimWorld = createSimWorld({
    seed: options.seed,
    ids: [...voters, ...observers],
    wire: drawn.chance(5).nextUnit() < 0.15 ? "bytes" : "messages",
    main: (process) => void serverOf(process.id).main(process),
    onFact: (id, fact) => {
      trace.record(id, "machine", () => fact, fact.length);
      if (fact === "is killed") lines.serverEnded(id, false);
    },
  });
  const trace = createTrace(() => world.nowMs, options.trace === true);
  const judge = new Judge();
  const lines = new SimLines({ world, chance: world.chance(30), listening: (id) => servers.get(id)?.listening });
  const torment = createTorment({
    world,
    members: shape.members,
    statusOf: (id) => servers.get(id)?.status,
    endMs: durationMs,
    onFault: (kind, id) => trace.note(id, "fault", kind),
  });
  for (const id of world.ids) {
    const onTxn = (zxid: bigint, type: string): void => {
      trace.record(id, "apply", () => `${zxid >> 32n}:${zxid & 0xffff_ffffn} ${type}`, Number(zxid & 0xffffn));
    };
    servers.set(id, new SimServer({ id, world, shape, judge, torment: () => torment, onTxn }));
  }
  const sessions = Array.from({ length: 2 + world.chance(31).nextBelow(4) }, (_, index) => {
    const record = (kind: string, detail: () => string, salt: number): void => {
      trace.record(100 + index, kind, detail, salt);
    };
    const chance = world.chance(40 + index);
    return new SimClient({ world, chance, lines, judge, servers: world.ids, trace: record });
  });
  const held: HeldLock = { holder: undefined };
  const shipped = Array.from({ length: world.chance(34).nextBelow(4) }, (_, index) => {
    const chance = world.chance(60 + index);
    // Who knows one server alone comes back to it, whatever became of the session meanwhile.
    const servers = chance.nextUnit() < 0.4 ? [1 + chance.nextBelow(world.ids.length)] : world.ids;
    return new ShippedClient({ world, chance, lines, judge, servers, held });
  });
  judge.onExpired = (sessionId) => [...sessions, ...shipped].forEach((client) => client.ended(sessionId));
  disturbLines({ world, lines, endMs: durationMs });
  standStill(world, durationMs);
  return { world, torment, judge, lines, servers, clients: [...sessions, ...shipped], trace, shape };
}

/** In some runs a server stands still for longer than sessions live, and goes on with what it knew. */
function standStill(world: SimWorld, endMs: number): void {
  const chance = world.chance(35);
  if (chance.nextUnit() < 0.6) return;
  const id = world.ids[chance.nextBelow(world.ids.length)] ?? 1;
  world.after(chance.nextUnit() * endMs, () => {
    if (world.host(id).isUp) world.host(id).stop(600 + chance.nextBelow(2500), false);
  });
}

/** In some runs often, in some never. */
function disturbLines({ world, lines, endMs }: { world: SimWorld; lines: SimLines; endMs: number }): void {
  const chance = world.chance(32);
  if (chance.nextUnit() < 0.25) return;
  const meanMs = 20 + chance.nextUnit() * 300;
  const next = (): void => {
    world.queue.at(world.nowMs - Math.log(1 - chance.nextUnit()) * meanMs, () => {
      if (world.nowMs >= endMs) return;
      lines.disturb();
      next();
    });
  };
  next();
}

/** Everybody is served, whoever is gone is forgotten, and all servers hold the same. */
async function healed(ensemble: Ensemble, core: readonly number[]): Promise<void> {
  const { world, judge, servers, clients, shape } = ensemble;
  const chance = world.chance(33);
  const gone = clients.filter(() => chance.nextUnit() < 0.25);
  const present = clients.filter((client) => !gone.includes(client));
  for (const client of gone) client.vanish();
  for (const client of present) client.settle(core);
  const live = core.flatMap((id) => servers.get(id) ?? []);
  const endMs = world.nowMs + healMs;
  const isTogether = (): boolean => {
    const positions = new Set(live.map(({ running }) => running?.machine.lastZxid));
    return positions.size === 1 && positions.has(judge.tree.zxid);
  };
  const isOver = (): boolean => {
    const kept = new Set(present.map(({ sessionId }) => sessionId));
    return [...judge.tree.sessions.keys()].every((id) => kept.has(id));
  };
  const isServed = (): boolean => present.every((client) => client.isServed);
  const isDone = await world.run(endMs, () => isServed() && isOver() && isTogether());
  const states = live.map(({ id, running }) => `${id} ${running?.replica.toString() ?? "down"}`);
  const open = [...judge.tree.sessions.keys()].join(" ");
  const found = `${states.join("; ")}; ${present.join("; ")}; sessions ${open}`;
  assert(isDone, `healed servers serve everybody and end silent sessions in time: ${found}`);
  // Nobody who pings is given up, however long it takes.
  const sessions = present.map(({ sessionId }) => sessionId);
  await world.run(world.nowMs + 2 * shape.options.sessionTimeoutMsMax);
  assert(
    sessions.every((id, index) => id === present[index]?.sessionId),
    "whoever pings keeps its session",
  );
  assert(await world.run(world.nowMs + healMs, isTogether), "servers that are left alone hold the same");
  for (const { id, running } of live) if (running !== undefined) judge.holds(id, running.machine);
}
