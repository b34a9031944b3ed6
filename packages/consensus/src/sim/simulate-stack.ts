import { assert, type Prng } from "@tutti/stdx";
import { membersOf } from "../core/configuration.ts";
import { requestKey, type NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { ZabOptions } from "../core/zab/zab-options.ts";
import type { Machine } from "../driver/machine.ts";
import { paxos, slotPaxos, zab, type Protocol } from "../driver/protocol.ts";
import { Checker } from "./checker.ts";
import { createElectorates, type Electorates } from "./electorates.ts";
import { explainMessage } from "./explain-message.ts";
import type { PlantedFault, SimProtocol } from "./faults.ts";
import { createNemesis, type FaultCounts, type Nemesis, type Victim } from "./nemesis.ts";
import {
  createRecorder,
  perform,
  recordedFault,
  recordedLinks,
  recordedVictim,
  repeatedIn,
  type Recorder,
} from "./script.ts";
import { healedIn, type Scenario } from "./shrink.ts";
import { createSimWorld, type SimWorld } from "./sim-world.ts";
import { StackClients, type CallCounts } from "./stack-clients.ts";
import { extended, isOver, type FaultSpan } from "./fault-span.ts";
import { machineFaults } from "./machine-faults.ts";
import { plantedProtocol } from "./stack-plants.ts";
import { StackNode, type StackShape } from "./stack-node.ts";
import type { StackWorkload } from "./stack-workload.ts";
import { storeWorkload } from "./store-machine.ts";
import { membersOfSpare } from "./reconfiguring.ts";
import { streamOf } from "./stream-of.ts";
import { createTrace, type Trace } from "./trace.ts";
import { Digests, simulatedClient } from "./witness.ts";

/** What is simulated. */
export interface StackOptions<M extends Machine> {
  /** Everything in the run follows from it. */
  readonly seed: number;
  /** Default `zab`. */
  readonly protocol?: SimProtocol;
  /** The machine and its clients. Default: keys and values, whose histories must be linearizable. */
  readonly workload?: StackWorkload<M>;
  /** Voters; by default 1 to 5, drawn from the seed. */
  readonly voters?: number;
  /** Observers; by default 0 or 1, drawn from the seed. */
  readonly observers?: number;
  /** Whether voters and observers change too, among up to two nodes more. Default false. */
  readonly reconfigures?: boolean;
  /** Virtual time with faults. Default 4000. */
  readonly durationMs?: number;
  /** Faults go on for longer until so many events have run. Default 0. */
  readonly eventsMin?: number;
  /** Virtual time in which a healed ensemble must be in step again. Default 8000. */
  readonly healMs?: number;
  /** How messages travel, as in `createSimWorld`; by default drawn from the seed. */
  readonly wire?: "messages" | "bytes";
  /** Overrides of the protocol's timing and limits. */
  readonly zab?: Partial<ZabOptions>;
  /** One of `stackFaults`, to see that it is found. */
  readonly plant?: PlantedFault;
  /** Keeps the last lines of the trace. Off, only its hash is kept. */
  readonly trace?: boolean;
  /** Does what is written down here, in place of what the seed would do to machines and links and of what it would ask. */
  readonly script?: Pick<Scenario, "events" | "core">;
}

/** What a simulated run came to. */
export interface StackReport {
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  /** What went wrong, or undefined. */
  readonly violation: string | undefined;
  /** Whether more disks were damaged than may be: then it is only asked that nothing wrong was said. */
  readonly isBeyondBudget: boolean;
  readonly events: number;
  /** Entries applied, each counted once. */
  readonly commits: number;
  readonly calls: Readonly<CallCounts>;
  readonly faults: FaultCounts;
  /** How often a fault met a node in a state, as `leading synchronization × crash`. */
  readonly marks: FaultCounts;
  /** Of every traced fact in order. Equal seeds give equal hashes. */
  readonly traceHash: number;
  /** The last lines of the trace if it was asked for. */
  readonly trace: readonly string[];
  /** The run as it can be written down and run again. */
  readonly scenario: Scenario;
}

interface Stack<M extends Machine> {
  readonly world: SimWorld;
  readonly nodes: ReadonlyMap<NodeId, StackNode<M>>;
  readonly clients: StackClients<M>;
  readonly checker: Checker;
  readonly electorates: Electorates;
  readonly trace: Trace;
  readonly workload: StackWorkload<M>;
  readonly recorder: Recorder;
}

/**
 * Runs an ensemble as it ships, in virtual time: the driver, the log's own bytes on disks that tear, rot and fill, messages as
 * bytes, and a machine of the user's or a store of ours. Faults first, then a time to heal, after which it must be in step and
 * alive.
 *
 * ```ts
 * import { simulateStack } from "@tutti/consensus/sim";
 *
 * const { violation, commits, faults } = await simulateStack({ seed: 7, voters: 3, durationMs: 1000 });
 * console.log(violation, commits > 0, Object.values(faults).some((count) => count > 0)); // => undefined true true
 * ```
 */
export async function simulateStack<M extends Machine>(options: StackOptions<M>): Promise<StackReport> {
  const shape = streamOf(options.seed, 1);
  // Drawn in any case: what is given must not shift what follows.
  const drawn = [3, 3, 3, 5, 5, 1, 2, 4][shape.nextBelow(8)] ?? 3;
  const drawnObservers = shape.nextUnit() < 0.3 ? 1 : 0;
  const { voters = drawn, observers = drawnObservers } = options;
  const isBeyondBudget = shape.nextUnit() < 0.05;
  const { reconfigures = false } = options;
  const stack = createStack(options, { voters, observers, shape });
  const { world, clients, checker, trace, workload } = stack;
  const span: FaultSpan = { endMs: options.durationMs ?? 4000 };
  const hasEnded = (): boolean => isOver(span, world.nowMs);
  const nemesis = createStackNemesis(stack, { ...options, isBeyondBudget, isOver: hasEnded });
  let core: readonly NodeId[] = [];
  let violation: string | undefined;
  try {
    startAll(stack, voters + observers);
    nemesis.start();
    if (options.script === undefined) clients.start(hasEnded);
    if (options.script === undefined && reconfigures) clients.startReconfiguring(hasEnded);
    await world.run(span.endMs);
    while (extended(span, world.eventCount < (options.eventsMin ?? 0))) await world.run(span.endMs);
    // Changes of members that are still on their way may ask for anybody.
    core = healedIn(options.script) ?? (reconfigures ? world.ids : stack.electorates.chooseCore(world.chance(6)));
    const isStuck = isBeyondBudget || (reconfigures && !stack.electorates.suffices(world.ids));
    // A mark of when it was, which does nothing: the time stands still between events.
    stack.recorder.record({ act: "heal", node: 0 });
    stack.recorder.without(() => nemesis.heal(core));
    const endMs = span.endMs + (options.healMs ?? 8000);
    await (isStuck ? world.run(endMs) : healed(stack, core, endMs));
    violation = workload.judge?.(clients.history());
  } catch (thrown) {
    violation = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const { events } = stack.recorder;
  const { protocol = "zab", seed, script, plant } = options;
  const planted = plant === undefined ? {} : { plant: plant.name };
  const run = { level: "B" as const, protocol, seed, voters, observers, durationMs: span.endMs, core, events };
  const scenario: Scenario = { ...run, ...script, ...(reconfigures ? { reconfigures } : {}), ...planted };
  return {
    seed: options.seed,
    voters,
    observers,
    violation,
    isBeyondBudget,
    events: world.eventCount,
    commits: checker.chain.length,
    calls: clients.counts,
    faults: { ...nemesis.counts, ...furtherCounts(stack) },
    marks: nemesis.marks,
    traceHash: trace.hash,
    trace: trace.lines,
    scenario: violation === undefined ? scenario : { ...scenario, violation },
  };
}

function createStackNemesis<M extends Machine>(
  { world, nodes, checker, electorates, clients, trace, recorder }: Stack<M>,
  options: Pick<StackOptions<M>, "script"> & {
    readonly isBeyondBudget: boolean;
    readonly isOver: () => boolean;
  },
): Nemesis {
  const { isBeyondBudget, script } = options;
  // Damage beyond what a majority of good copies allows: then nothing wrong may be said, and nothing more is asked.
  const mayDamage = (id: NodeId): boolean => (isBeyondBudget ? electorates.isVoter(id) : electorates.mayWipe(id));
  const further = machineFaults({ world, nodes, mayDamage });
  if (script !== undefined) {
    for (const sequence of repeatedIn(script.events)) {
      checker.repeated(requestKey({ client: simulatedClient, sequence }));
    }
    const mayWipe = ({ id }: Victim): boolean => electorates.mayWipe(id);
    const ask = clients.ask.bind(clients);
    perform(script.events, { queue: world.queue, network: world.network, nodes, further, mayWipe, ask });
  }
  return createNemesis({
    queue: world.queue,
    network: recordedLinks(world.network, recorder),
    nodes: new Map([...nodes].map(([id, node]) => [id, recordedVictim(node, recorder)])),
    mayWipe: (id) => electorates.mayWipe(id),
    hooks: { wrote: () => undefined },
    chance: world.chance(4),
    isOver: options.isOver,
    further: further.map((fault) => recordedFault(fault, recorder)),
    isScripted: script !== undefined,
    onFault: (kind, node) => trace.note(node, "fault", kind),
  });
}

function createStack<M extends Machine>(
  options: StackOptions<M>,
  { voters, observers, shape }: { readonly voters: number; readonly observers: number; readonly shape: Prng },
): Stack<M> {
  const spares = options.reconfigures === true ? streamOf(options.seed, 18).nextBelow(3) : 0;
  const ids = Array.from({ length: voters + observers + spares }, (_, index) => index + 1);
  const workload =
    options.workload ?? (storeWorkload(shape, options.protocol !== "slot-paxos") as unknown as StackWorkload<M>);
  const retainedEntriesMax = shape.nextUnit() < 0.5 ? 1024 : shape.nextBelow(20);
  const { plant } = options;
  const quorum = plant?.quorum;
  const given = { retainedEntriesMax, ...options.zab, ...(quorum === undefined ? {} : { quorum }) };
  const protocol = protocols[options.protocol ?? "zab"](given);
  const settings: StackShape = {
    members: { voters: ids.slice(0, voters), observers: ids.slice(voters, voters + observers) },
    protocol: plant === undefined ? protocol : plantedProtocol(protocol, plant),
    tickMs: 5,
    snapshotEntries: shape.nextUnit() < 0.3 ? 1 << 30 : 20 + shape.nextBelow(100),
    segmentBytes: 2048 << shape.nextBelow(5),
    ...(plant === undefined ? {} : { plant }),
  };
  const nodes = new Map<NodeId, StackNode<M>>();
  const nodeOf = (id: NodeId): StackNode<M> => {
    const node = nodes.get(id);
    assert(node !== undefined, `node ${id} is simulated`);
    return node;
  };
  const samples = streamOf(options.seed, 8);
  const wire = options.wire ?? (samples.nextUnit() < 0.4 ? "bytes" : "messages");
  const world = createSimWorld({
    seed: options.seed,
    ids,
    wire,
    main: (process) => void nodeOf(process.id).main(process),
    onTurn: (id) => nodeOf(id).look(),
    onFact: (id, fact) => trace.record(id, "machine", () => fact, fact.length),
    onSend: ({ id }, to, message) => {
      trace.record(id, "send", () => `${to} ${explainMessage(message)}`, to * 64 + message.kind.length);
      const share = sampledShares[message.kind];
      if (share !== undefined && samples.nextUnit() < share) void nodeOf(id).checkSent(message);
    },
  });
  const trace = createTrace(() => world.nowMs, options.trace === true);
  const checker = new Checker({
    members: settings.members,
    imageOf: () => undefined,
    epochOf: (id) => nodeOf(id).status?.epoch ?? 0,
    // Entries that are for the replicas alone are not seen by their machines.
    hasRefusals:
      options.reconfigures === true || workload.machine(1).prepare !== undefined || options.protocol === "slot-paxos",
  });
  const digests = new Digests();
  const recorder = createRecorder(world.queue);
  const clients = new StackClients({ world, nodes, checker, workload, onAsk: (event) => recorder.record(event) });
  for (const id of ids) {
    const isSpare = id > voters + observers;
    const ownShape = isSpare ? { ...settings, members: membersOfSpare(id, settings.members, ids) } : settings;
    const mayStart = (): boolean => !isSpare || checker.chain.length > 0;
    const parts = { id, world, shape: ownShape, workload, checker, digests, trace, mayStart };
    const onApply = clients.applied.bind(clients);
    nodes.set(id, new StackNode({ ...parts, chance: world.chance(100 + id), onApply }));
  }
  lookAtDisks(world, nodes);
  const electorates = createElectorates({ checker, nodes, initialVoters: settings.members.voters });
  return { world, nodes, clients, checker, electorates, trace, workload, recorder };
}

const protocols: Readonly<Record<SimProtocol, (options: Partial<ZabOptions>) => Protocol>> = {
  zab,
  paxos,
  "slot-paxos": slotPaxos,
};
/** By which a replica says what its disk holds, and how many of each are held against it: to look at a platter takes time. */
const sampledShares: Readonly<Partial<Record<ReplicaMessage["kind"], number>>> = {
  ack: 0.01,
  notification: 0.01,
  ackEpoch: 0.2,
  leaderInfo: 0.5,
};

function lookAtDisks<M extends Machine>(world: SimWorld, nodes: ReadonlyMap<NodeId, StackNode<M>>): void {
  world.after(25, async () => {
    for (const node of nodes.values()) await node.lookAtDisk();
    lookAtDisks(world, nodes);
  });
}

/** Liveness: everybody who is healed is in step with one leader, a new proposal commits everywhere, and nothing is left open. */
async function healed<M extends Machine>(
  { world, nodes, clients, checker }: Stack<M>,
  core: readonly NodeId[],
  endMs: number,
): Promise<void> {
  // Whoever left has nobody to be in step with.
  const members = (): readonly StackNode<M>[] => {
    const [present] = checker.configurations;
    const takesPart = present === undefined ? new Set<NodeId>() : membersOf(present);
    return core.flatMap((id) => (takesPart.has(id) ? (nodes.get(id) ?? []) : []));
  };
  const isServing = (): boolean => members().every((node) => node.status?.phase === "broadcast");
  const isInStep = (): boolean => {
    const live = members();
    const positions = new Set(live.map((node) => node.running?.replica.status().applied));
    const [position] = positions;
    const isTogether = positions.size === 1 && position !== undefined && position >= checker.committedEnd;
    return isTogether && isServing() && live.every((node) => node.open.size === 0);
  };
  const isBack = await world.run(endMs, isServing);
  // What a machine refuses has a place in the log as well.
  const answered = (): number => clients.counts.acknowledged + clients.counts.refused;
  const before = answered();
  let isAlive = false;
  while (isBack && !isAlive && world.nowMs < endMs) {
    // Once more, now and then: a leader that is not healed may go on leading until it is gone, and what it had is lost.
    clients.probe(members());
    const untilMs = Math.min(endMs, world.nowMs + 1000);
    isAlive = await world.run(untilMs, () => answered() > before && isInStep());
    if (!isAlive && untilMs === endMs) break;
  }
  const live = members();
  const states = live.map((node) => `${node.running?.replica.toString() ?? `${node.id} down`}, ${node.open.size} open`);
  assert(isAlive, `a healed ensemble is in step within the bound; ${states.join("; ")}`);
  const digests = new Set(live.map((node) => node.digest));
  assert(digests.size === 1, "equal positions mean equal states");
}

/** Whoever is to join is started when there is something to join. */
function startAll<M extends Machine>({ world, checker }: Stack<M>, beginners: number): void {
  for (const id of world.ids) if (id <= beginners) world.start(id);
  const startSpares = (): void => {
    if (checker.chain.length === 0) world.queue.at(world.nowMs + 20, startSpares);
    else for (const id of world.ids) if (id > beginners) world.start(id);
  };
  if (world.ids.length > beginners) startSpares();
}

/** What the disks and links counted by themselves. */
function furtherCounts<M extends Machine>({ world, nodes }: Stack<M>): FaultCounts {
  const hosts = world.ids.map((id) => world.host(id));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const network = Object.entries(world.network.counts).map(([name, count]) => [`network ${name}`, count] as const);
  return {
    ...Object.fromEntries(network),
    sectorLost: sum(hosts.map(({ cuts }) => cuts.lostSectors)),
    sectorTorn: sum(hosts.map(({ cuts }) => cuts.tornSectors)),
    diskFailed: sum(hosts.map(({ failureCount }) => failureCount)),
    stoppedByDisk: sum([...nodes.values()].map((node) => node.counts.stops)),
    damageFound: sum([...nodes.values()].map((node) => node.counts.repairs)),
  };
}
