import { assert } from "@tutti/stdx";
import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { Entry } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import { formatZxid, type Zxid } from "../core/zxid.ts";
import { ConsensusError } from "../consensus-error.ts";
import type { Machine } from "../driver/machine.ts";
import { openReplica } from "../driver/open-replica.ts";
import type { Protocol } from "../driver/protocol.ts";
import type { Replica } from "../driver/replica.ts";
import type { Checker } from "./checker.ts";
import type { PlantedFault } from "./faults.ts";
import type { DiskImage } from "./record-disk.ts";
import { nameOf } from "./request-name.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimVictim, type VictimOptions } from "./sim-victim.ts";
import type { StackWorkload } from "./stack-workload.ts";
import type { Trace } from "./trace.ts";
import { createWitness, type Digests, type Witness } from "./witness.ts";

/** What all replicas of a run share. */
export interface StackShape {
  readonly members: Members;
  readonly protocol: Protocol;
  readonly tickMs: number;
  readonly snapshotEntries: number;
  readonly segmentBytes: number;
  readonly plant?: PlantedFault;
}

export interface StackNodeOptions<M extends Machine> extends VictimOptions {
  readonly shape: StackShape;
  readonly workload: StackWorkload<M>;
  readonly checker: Checker;
  readonly digests: Digests;
  readonly trace: Trace;
  /** Whether there is an ensemble that it could join, or it is one of those who begin. */
  readonly mayStart: () => boolean;
  readonly onApply: (entry: Entry, answer: Uint8Array) => void;
}

/** What runs in one life of a process. */
export interface Running<M extends Machine> {
  readonly process: SimProcess;
  readonly replica: Replica;
  readonly machine: M;
  readonly witness: Witness;
}

/** A replica as it ships on a simulated machine, with somebody who starts it again when it stopped. */
export class StackNode<M extends Machine> extends SimVictim {
  /** Requests made here that have not ended. */
  readonly open: Set<string> = new Set<string>();
  readonly counts: { stops: number; repairs: number } = { stops: 0, repairs: 0 };
  readonly #options: StackNodeOptions<M>;
  #running: Running<M> | undefined;
  #failuresBefore = 0;
  /** The newest in its log when it was last seen. */
  #configuration: LoggedConfiguration | undefined;
  /** What its disk held when it was last seen. */
  #durable: Zxid = 0n;

  constructor(options: StackNodeOptions<M>) {
    super(options);
    this.#options = options;
  }

  get running(): Running<M> | undefined {
    return this.#running?.process.isAlive === true ? this.#running : undefined;
  }

  override get status(): CoreStatus | undefined {
    return this.running?.replica.status();
  }

  override start(): void {
    if (this.#options.mayStart()) super.start();
  }

  /** What the process does: it is given to the world. */
  async main(process: SimProcess): Promise<void> {
    const { checker, shape, workload, world, digests, onApply } = this.#options;
    this.open.clear();
    this.#running = undefined;
    this.#failuresBefore = this.host.failureCount;
    checker.started(this.id, 0n);
    const machine = workload.machine(this.id);
    const isAlive = (): boolean => process.isAlive;
    const witness = createWitness({
      node: this.id,
      inner: shape.plant?.machine?.(machine, this.id) ?? machine,
      checker,
      digests,
      digest: workload.digest === undefined ? undefined : () => workload.digest?.(machine) ?? "",
      isAlive,
      fail: (error) => world.fail(error),
      onApply: (entry, answer) => {
        this.#trace("apply", () => `${formatZxid(entry.zxid)} ${nameOf(entry)}`, entry.sequence);
        workload.invariant?.(machine);
        onApply(entry, answer);
      },
    });
    const { storage, transport, clock, id } = process;
    const { plant, ...settings } = shape;
    try {
      const given = { id, machine: witness, transport, clock, ...settings };
      const replica = await openReplica({ ...given, storage: plant?.disk?.(storage) ?? storage });
      if (!process.isAlive) return;
      this.#running = { process, replica, machine, witness };
      this.#opened(replica);
      const stopped = await replica.stopped;
      if (stopped !== undefined && process.isAlive) this.#stopped(stopped);
    } catch (thrown) {
      if (process.isAlive) this.#stopped(thrown);
    }
  }

  #opened(replica: Replica): void {
    const { recovery, logged, voting } = replica.status();
    const { damage, tornBytes } = recovery;
    const found = damage ?? `${tornBytes} torn bytes`;
    replica.events.on("members", (configuration) => this.#options.checker.configurationApplied(configuration));
    this.#trace("open", () => `${replica.toString()}, ${found}`, found.length);
    if (damage === undefined) {
      // Without a vote it has found damage before, and says so on its disk: it may have been ended before it told us.
      const isWhole = logged >= this.#durable || !voting;
      const known = formatZxid(this.#durable);
      if (!isWhole)
        this.#options.world.fail(new Error(`${this.id} finds ${known} again, which was durable, or damage`));
      return;
    }
    const isExpected = !this.isTrusted;
    if (!isExpected) this.#options.world.fail(new Error(`nobody damaged the disk of ${this.id}, and yet: ${damage}`));
    this.counts.repairs += 1;
  }

  /** A disk that fails, or that was damaged, ends a replica, and nothing else may. Whoever looks after it starts it again. */
  #stopped(error: unknown): void {
    const isExpected =
      error instanceof ConsensusError &&
      ((error.code === "storage-failed" && this.host.failureCount > this.#failuresBefore) ||
        (error.code === "storage-damaged" && !this.isTrusted));
    if (!isExpected) {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
      return this.#options.world.fail(new Error(`replica ${this.id} stops: ${String(error)}${cause}`));
    }
    this.counts.stops += 1;
    this.#trace("stopped", () => error.message, 9);
    this.stoppedByDisk();
  }

  /** Its process has ended: nobody hears of what was asked of it. */
  override ended(): void {
    this.open.clear();
    this.#running = undefined;
  }

  override wipe(): void {
    super.wipe();
    this.#durable = 0n;
  }

  /** What its disk would be found to hold if the power went now. */
  async image(): Promise<DiskImage> {
    const { state } = await this.recovered();
    const { snapshot, base, entries } = state.log;
    const { accepted = [], chosen = 0n } = state.log.slots ?? {};
    const slots = new Map(accepted.map((one) => [one.entry.zxid, one]));
    return { snapshot, base, entries: [...entries], epochs: state.epochs, slots, chosen };
  }

  /** After each turn: leader uniqueness and completeness, and the order applied <= committed <= logged. */
  look(): void {
    const status = this.status;
    if (status === undefined) return;
    this.#durable = status.durable;
    const configuration = this.running?.replica.config();
    if (configuration !== undefined && configuration !== this.#configuration) {
      this.#configuration = configuration;
      this.#options.checker.configurationLogged(configuration);
    }
    this.#options.checker.status(status);
  }

  /** Durable before acknowledged, against the bytes on the platter as they would be recovered. */
  async checkSent(message: ReplicaMessage): Promise<void> {
    if (!this.isTrusted) return;
    const { checker, world } = this.#options;
    try {
      const image = await this.image();
      checker.sent(this.id, { message }, image);
    } catch (thrown) {
      world.fail(thrown);
    }
  }

  get digest(): string {
    const { running } = this;
    assert(running !== undefined, `node ${this.id} runs`);
    return running.witness.digest;
  }

  #trace(kind: string, detail: () => string, salt: number): void {
    this.#options.trace.record(this.id, kind, detail, salt);
  }
}
