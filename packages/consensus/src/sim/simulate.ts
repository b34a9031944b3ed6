import { assert, type Prng } from "@tutti/stdx";
import { membersOf } from "../core/configuration.ts";
import { requestKey, type NodeId, type ProposalRequest } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { ZabOptions } from "../core/zab/zab-options.ts";
import { Checker, type ReplicaChecker } from "./checker.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import type { PlantedFault, SimProtocol } from "./faults.ts";
import { extended, isOver, type FaultSpan } from "./fault-span.ts";
import { createElectorates, type Electorates } from "./electorates.ts";
import { createNemesis, type FaultCounts, type Victim, type WriteHook } from "./nemesis.ts";
import { createRecordDisk, type DiskImage } from "./record-disk.ts";
import { membersOfSpare, readReconfigure, startReconfiguring } from "./reconfiguring.ts";
import { SlotChecker } from "./slot-checker.ts";
import {
  createRecorder,
  perform,
  recordedLinks,
  recordedVictim,
  repeatedIn,
  type Recorder,
  type ScriptedEvent,
} from "./script.ts";
import { healedIn, type Scenario } from "./shrink.ts";
import { SimNode } from "./sim-node.ts";
import { streamOf } from "./stream-of.ts";
import { createTrace, type Trace } from "./trace.ts";
import { createSimNetwork, type SimNetwork } from "./sim-network.ts";

/** What is simulated. */
export interface SimulationOptions {
  /** Everything in the run follows from it. */
  readonly seed: number;
  /** Default `zab`. */
  readonly protocol?: SimProtocol;
  /** Voters; by default 1 to 5, drawn from the seed. */
  readonly voters?: number;
  /** Observers; by default 0 or 1, drawn from the seed. */
  readonly observers?: number;
  /** Whether voters and observers change too, among up to three nodes more. Default false, or as the plant asks. */
  readonly reconfigures?: boolean;
  /** Virtual time with faults. Default 4000. */
  readonly durationMs?: number;
  /** Faults go on for longer until so many events have run. Default 0. */
  readonly eventsMin?: number;
  /** Virtual time in which a healed ensemble must be in step again. Default 4000. */
  readonly healMs?: number;
  /** Overrides of ZAB's timing and limits. */
  readonly zab?: Partial<ZabOptions>;
  /** Whether requests without a name are made too, in half of the runs. Default true. */
  readonly submits?: boolean;
  readonly plant?: PlantedFault;
  /** Keeps the last lines of the trace. Off, only its hash is kept, which is much faster. */
  readonly trace?: boolean;
  /** Does what is written down here, in place of what the seed would do to nodes and links and of what it would ask. */
  readonly script?: Pick<Scenario, "events" | "core">;
}

/** What a simulated run came to. */
export interface SimulationReport {
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  /** What went wrong, or undefined. */
  readonly violation: string | undefined;
  readonly events: number;
  readonly steps: number;
  /** Entries applied, each counted once. */
  readonly commits: number;
  readonly committedProposals: number;
  readonly lostProposals: number;
  readonly reads: number;
  /** Requests without a name that some replica took. */
  readonly submitted: number;
  /** Entries from which on others take part. */
  readonly configurations: number;
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

const tickMs = 5;
const durationMsDefault = 4000;

interface World {
  readonly queue: EventQueue;
  readonly network: SimNetwork<ReplicaMessage>;
  readonly nodes: ReadonlyMap<NodeId, SimNode>;
  readonly checker: ReplicaChecker;
  readonly electorates: Electorates;
  readonly chance: (purpose: number) => Prng;
  readonly trace: Trace;
  readonly hooks: WriteHook;
}

/**
 * Runs one ensemble under one seed: faults first, then a time to heal, after which it must be in step and alive.
 *
 * ```ts
 * import { simulate } from "@tutti/consensus/sim";
 *
 * const { violation, commits, faults } = simulate({ seed: 7, voters: 3 });
 * console.log(violation, commits > 0, Object.values(faults).some((count) => count > 0)); // => undefined true true
 * ```
 */
export function simulate(options: SimulationOptions): SimulationReport {
  const chance = (purpose: number): Prng => streamOf(options.seed, purpose);
  const shape = chance(1);
  const reconfigures = options.reconfigures ?? options.plant?.reconfigures ?? false;
  const voters = options.voters ?? [3, 3, 3, 5, 5, 1, 2, 4][shape.nextBelow(8)] ?? 3;
  const observers = options.observers ?? (shape.nextUnit() < 0.3 ? 1 : 0);
  const spares = reconfigures ? chance(8).nextBelow(4) : 0;
  const span: FaultSpan = { endMs: options.durationMs ?? durationMsDefault };
  const world = createWorld({ ...options, voters, observers, spares, span }, chance);
  const { electorates } = world;
  const hasEnded = (): boolean => isOver(span, world.queue.now);
  const recorder = createRecorder(world.queue);
  const { script } = options;
  const nemesis = createNemesis({
    ...world,
    nodes: new Map([...world.nodes].map(([id, node]) => [id, recordedVictim(node, recorder)])),
    network: recordedLinks(world.network, recorder),
    mayWipe: (id) => electorates.mayWipe(id),
    chance: chance(4),
    isOver: hasEnded,
    isScripted: script !== undefined,
  });
  let core: readonly NodeId[] = [];
  let violation: string | undefined;
  let events = 0;
  try {
    startAll(world, voters + observers);
    reconnect(world);
    nemesis.start();
    if (script === undefined) startClients(world, { ...options, reconfigures, isOver: hasEnded, recorder });
    else playScript(world, script.events);
    while (world.queue.runNext(span.endMs) || extended(span, events < (options.eventsMin ?? 0))) events += 1;
    core = healedIn(script) ?? electorates.chooseCore(chance(6));
    // A change was logged when one of its voters was about to lose its disk. Nothing may go wrong, but nothing need go on.
    const { chain, configurations } = world.checker;
    const isUnderWay = chain.length > 0 || configurations.length > 1;
    const isStuck = reconfigures && isUnderWay && !electorates.suffices([...world.nodes.keys()]);
    // A mark of when it was, which does nothing: the time stands still between events.
    recorder.record({ act: "heal", node: 0 });
    recorder.without(() => nemesis.heal(core));
    const endMs = span.endMs + (options.healMs ?? 4000);
    if (isStuck) while (world.queue.runNext(endMs)) events += 1;
    else events += healed(world, core, endMs) + (reconfigures ? 0 : staysSettled(world, core));
  } catch (thrown) {
    violation = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const sum = (pick: (node: SimNode) => number): number =>
    [...world.nodes.values()].reduce((all, one) => all + pick(one), 0);
  const run = { voters, observers, durationMs: span.endMs, core, violation, reconfigures };
  return {
    seed: options.seed,
    voters,
    observers,
    violation,
    events,
    steps: sum((node) => node.counts.steps),
    commits: world.checker.chain.length,
    committedProposals: sum((node) => node.counts.committed),
    lostProposals: sum((node) => node.counts.lost),
    reads: sum((node) => node.counts.reads),
    submitted: sum((node) => node.counts.submitted),
    configurations: world.checker.chain.filter((entry) => entry.configuration !== undefined).length,
    faults: { ...nemesis.counts, ...networkFaults(world.network) },
    marks: nemesis.marks,
    traceHash: world.trace.hash,
    trace: world.trace.lines,
    scenario: scenarioOf(options, { ...run, events: recorder.events }),
  };
}

function scenarioOf(
  { seed, protocol = "zab", plant, script }: SimulationOptions,
  {
    violation,
    reconfigures,
    ...run
  }: Omit<Scenario, "level" | "protocol" | "seed" | "plant" | "violation" | "reconfigures"> & {
    readonly violation: string | undefined;
    readonly reconfigures: boolean;
  },
): Scenario {
  return {
    level: "A",
    protocol,
    seed,
    ...run,
    ...script,
    ...(reconfigures ? { reconfigures } : {}),
    ...(plant === undefined ? {} : { plant: plant.name }),
    ...(violation === undefined ? {} : { violation }),
  };
}

type Ask = (event: Pick<ScriptedEvent, "act" | "node" | "value">) => void;

/** Whoever is to join is started when there is something to join: before that it would be one of those who begin. */
function startAll(world: World, beginners: number): void {
  const { queue, nodes, checker } = world;
  for (const node of nodes.values()) if (node.id <= beginners) node.start();
  const startSpares = (): void => {
    if (checker.chain.length === 0) queue.at(queue.now + 20, startSpares);
    else for (const node of nodes.values()) if (node.id > beginners) node.start();
  };
  if (nodes.size > beginners) startSpares();
}

function requestOfMembers(value: number): ProposalRequest {
  return { client: 3n, payload: new Uint8Array(0), ...readReconfigure(value) };
}

/** What a client's event does. */
function askOf({ nodes }: World): (event: ScriptedEvent) => void {
  return ({ act, node: id, value = 0 }) => {
    const node = nodes.get(id);
    if (act === "read") node?.read();
    else if (act === "submit") node?.submit();
    else if (act === "reconfigure" && node?.isUp === true) node.propose(requestOfMembers(value));
    else if (node?.isUp === true) node.propose({ client: 1n, sequence: value, payload: new Uint8Array(0) });
  };
}

interface ClientOptions {
  readonly submits?: boolean;
  readonly reconfigures: boolean;
  readonly isOver: () => boolean;
  readonly recorder: Recorder;
}

/** Clients, whose every request is written down. */
function startClients(world: World, { submits = true, reconfigures, isOver, recorder }: ClientOptions): void {
  const ask = askOf(world);
  const asking: Ask = (event) => {
    recorder.record(event);
    ask({ id: 0, atMs: 0, ...event });
  };
  startWorkload(world, isOver, submits, asking);
  if (!reconfigures) return;
  const { queue, chance, nodes } = world;
  startReconfiguring({ queue, chance: chance(9), ids: [...nodes.keys()], isOver, ask: asking });
}

function playScript(world: World, events: readonly ScriptedEvent[]): void {
  for (const sequence of repeatedIn(events)) world.checker.repeated(requestKey({ client: 1n, sequence }));
  const mayWipe = ({ id }: Victim): boolean => world.electorates.mayWipe(id);
  perform(events, { ...world, further: [], mayWipe, ask: askOf(world) });
}

function networkFaults({ counts }: SimNetwork<ReplicaMessage>): FaultCounts {
  return {
    voteLost: counts.lost,
    voteRepeated: counts.repeated,
    voteDelayed: counts.detoured,
    linkStalled: counts.held,
  };
}

function reconnect({ queue, network }: Pick<World, "queue" | "network">): void {
  network.connectAll();
  queue.at(queue.now + 15, () => reconnect({ queue, network }));
}

function createWorld(
  options: SimulationOptions & {
    readonly voters: number;
    readonly observers: number;
    readonly spares: number;
    readonly span: FaultSpan;
  },
  chance: (purpose: number) => Prng,
): World {
  const queue = createEventQueue();
  const nodes = new Map<NodeId, SimNode>();
  const shape = chance(2);
  const { voters, observers, spares } = options;
  const ids = Array.from({ length: voters + observers + spares }, (_, index) => index + 1);
  const members = { voters: ids.slice(0, voters), observers: ids.slice(voters, voters + observers) };
  const retainedEntriesMax = shape.nextUnit() < 0.5 ? 1024 : shape.nextBelow(20);
  const snapshotEntries = shape.nextUnit() < 0.5 ? 1 << 30 : 5 + shape.nextBelow(60);
  const diskMeanMs = 0.2 + shape.nextUnit() * (shape.nextUnit() < 0.3 ? 20 : 2);
  const { plant } = options;
  let slotChecker: SlotChecker | undefined;
  const disks = new Map(
    ids.map((id) => {
      const distort = plant?.write;
      const disk = createRecordDisk({
        voting: false,
        retainedEntriesMax,
        ...(distort === undefined ? {} : { distort: (write) => distort(write, disk.image) }),
        epochFirst: plant?.epochFirst === true,
        accepted: (accepted) => slotChecker?.accepted(id, accepted),
      });
      return [id, disk] as const;
    }),
  );
  const diskOf = (id: NodeId) => {
    const disk = disks.get(id);
    assert(disk !== undefined, `node ${id} has a disk`);
    return disk;
  };
  const imageOf = (id: NodeId): DiskImage => diskOf(id).image;
  slotChecker = options.protocol === "slot-paxos" ? new SlotChecker(members, imageOf) : undefined;
  // What a disk says may be late: an observer applies what others made durable.
  const epochOf = (id: NodeId): number => nodes.get(id)?.status?.epoch ?? 0;
  const checker: ReplicaChecker = slotChecker ?? new Checker({ members, imageOf, epochOf });
  const weather = {
    delayMinMs: 0.1 + shape.nextUnit(),
    delayMeanMs: 0.5 + shape.nextUnit() * 4,
    lossChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.3,
    repeatChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.3,
    detourChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.3,
  };
  const network = createSimNetwork<ReplicaMessage>({ queue, chance: chance(3), nodes, weather });
  const trace = createTrace(() => queue.now, options.trace === true);
  const hooks: WriteHook = { wrote: () => undefined };
  for (const id of ids) {
    const node = new SimNode({
      id,
      protocol: options.protocol ?? "zab",
      members: id <= voters + observers ? members : membersOfSpare(id, members, ids),
      others: () => ids,
      mayStart: () => id <= voters + observers || checker.chain.length > 0,
      mayReconfigure: () => !isOver(options.span, queue.now),
      zab: { ...options.zab, retainedEntriesMax },
      queue,
      chance: chance(100 + id),
      disk: diskOf(id),
      network: () => network,
      checker,
      fault: plant,
      tickMs,
      diskDelayMeanMs: () => diskMeanMs,
      snapshotEntries,
      wrote: (node, rare) => hooks.wrote(node, rare),
      trace: trace.record,
    });
    nodes.set(id, node);
  }
  const electorates = createElectorates({ checker, nodes, initialVoters: members.voters });
  return { queue, network, nodes, checker, electorates, chance, trace, hooks };
}

/** Clients of every node: proposals, reads, and now and then the same request once more at another node. */
function startWorkload(world: World, isOver: () => boolean, isSubmitting: boolean, ask: Ask): void {
  const { queue, nodes, checker } = world;
  const chance = world.chance(5);
  // A stream of its own: runs with and without submitted requests are alike in all else.
  const submits = world.chance(7);
  const ids = [...nodes.keys()];
  const meanMs = 1 + chance.nextUnit() * 20;
  const submitChance = !isSubmitting || submits.nextUnit() < 0.5 ? 0 : submits.nextUnit();
  let sequence = 0;
  const pick = (): SimNode | undefined => nodes.get(ids[chance.nextBelow(ids.length)] ?? 1);
  const next = (): void => {
    if (isOver()) return;
    const node = pick();
    sequence += 1;
    const request = { act: "propose", value: sequence };
    if (node?.isUp === true) {
      ask({ ...request, node: node.id });
      if (chance.nextUnit() < 0.1) {
        const again = pick();
        checker.repeated(requestKey({ client: 1n, sequence }));
        queue.at(queue.now + chance.nextUnit() * 100, () => {
          if (again?.isUp === true && again !== node) ask({ ...request, node: again.id });
        });
      }
    }
    if (submits.nextUnit() < submitChance) {
      const submitter = ids[submits.nextBelow(ids.length)] ?? 1;
      for (let left = 1 + submits.nextBelow(4); left > 0; left -= 1) ask({ act: "submit", node: submitter });
    }
    if (chance.nextUnit() < 0.5) {
      // Who believes to lead is asked more often: stale answers come from leaders that were replaced.
      const leading = ids.map((id) => nodes.get(id)).filter((one) => one?.status?.role === "leading");
      const reader = chance.nextUnit() < 0.5 ? pick() : leading[chance.nextBelow(Math.max(1, leading.length))];
      if (reader !== undefined) ask({ act: "read", node: reader.id });
    }
    queue.at(queue.now - Math.log(1 - chance.nextUnit()) * meanMs, next);
  };
  queue.at(50, next);
}

/** Longer than any silence and any joining may take. */
const quietMs = 300;

/** Stability: an ensemble that is healed as a whole and left alone keeps its leader, and nobody looks for another. */
function staysSettled({ queue, nodes }: World, core: readonly NodeId[]): number {
  if (core.length < nodes.size) return 0;
  const before = [...nodes.values()].map((node) => node.status?.epoch);
  const untilMs = queue.now + quietMs;
  let events = 0;
  while (queue.runNext(untilMs)) events += 1;
  for (const [index, { id, status }] of [...nodes.values()].entries()) {
    const isSettled = status?.phase === "broadcast" && status.epoch === before[index];
    assert(isSettled, `node ${id}, left alone, stays with its leader; it is ${status?.role}/${status?.phase}`);
  }
  return events;
}

/** Liveness: everybody who is healed is in step with one leader, a new proposal commits everywhere, and nothing is left open. */
function healed(world: World, core: readonly NodeId[], endMs: number): number {
  const { queue, nodes, checker } = world;
  let events = 0;
  let probes = 0;
  // Whoever left has nobody to be in step with.
  const members = (): readonly SimNode[] => {
    const present = checker.configurations[0];
    const takesPart = present === undefined ? new Set<NodeId>() : membersOf(present);
    return core.flatMap((id) => (takesPart.has(id) ? (nodes.get(id) ?? []) : []));
  };
  const isVoter = (id: NodeId): boolean => checker.configurations[0]?.voters.includes(id) === true;
  const inStep = (): boolean => {
    const end = checker.committedEnd;
    return members().every(({ id, status, openProposals, openReads }) => {
      const isSettled = status?.phase === "broadcast" && (status.voting || !isVoter(id));
      return isSettled && status.delivered === end && openProposals + openReads === 0;
    });
  };
  let untilMs = queue.now;
  while (untilMs < endMs && !(probes > 0 && inStep())) {
    untilMs += 20;
    while (queue.runNext(untilMs)) events += 1;
    const live = members();
    if (probes === 0 && live.every((node) => node.status?.phase === "broadcast")) {
      for (const [index, node] of live.entries()) {
        node.propose({ client: 2n, sequence: index + 1, payload: new Uint8Array(0) });
      }
      probes += 1;
    }
  }
  const live = members();
  const states = live.map(
    (node) => `${node.id}:${node.status?.role}/${node.status?.phase}/${node.openProposals + node.openReads} open`,
  );
  assert(probes > 0 && inStep(), `a healed ensemble is in step within the bound; ${states.join(", ")}`);
  const digests = new Set(live.map((node) => node.digest));
  // None is left where all that were healed have left by then.
  assert(digests.size <= 1, "equal positions mean equal digests");
  return events;
}
