import { type Machine, openReplica, type Replica, type ReplicaStatus, zab } from "@tutti/consensus";
import type { SimProcess, SimWorld, Torment } from "@tutti/consensus/sim";
import { assert } from "@tutti/stdx";
import { CoordError } from "../../src/coord-error.ts";
import { readTxn } from "../../src/core/txn-codec.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { ConnectionHost } from "../../src/ports/connection-host.ts";
import type { TellEvent } from "../../src/ports/server-event.ts";
import { JuteReader } from "../../src/protocol/jute-reader.ts";
import { keepTime } from "../../src/server/keep-time.ts";
import { coordErrorOf, createReplicatedParts, type ReplicatedParts } from "../../src/server/open-pipeline.ts";
import type { ReplicatedMachine } from "../../src/server/replicated-machine.ts";
import type { ServerClock } from "../../src/server/server-clock.ts";
import type { ResolvedOptions } from "../../src/server/server-options.ts";
import type { Judge } from "./judge.ts";
import type { Listening, ServerEnd } from "./sim-lines.ts";

/** What all servers of a run share. */
export interface ServerShape {
  readonly members: { readonly voters: readonly number[]; readonly observers: readonly number[] };
  readonly options: ResolvedOptions;
  readonly tickMs: number;
  readonly segmentBytes: number;
  readonly retainedEntriesMax: number;
  readonly viewChunkBytes: number;
  /** How many transactions lie between two comparisons of a server's tree with the model. */
  readonly compareEvery: number;
}

export interface SimServerOptions {
  readonly id: number;
  readonly world: SimWorld;
  readonly shape: ServerShape;
  readonly judge: Judge;
  readonly torment: () => Torment;
  readonly onTxn: (zxid: bigint, type: string) => void;
}

interface Running extends ReplicatedParts {
  readonly process: SimProcess;
  readonly replica: Replica;
  readonly now: () => Moment;
}

/** When something was, in the time of a server and in that in which its process ran. */
interface Moment {
  readonly monotonicMs: number;
  readonly awakeMs: number;
}

/** How finely it is told whether a process runs. */
const awakeStepMs = 10;

/** A server as it ships, on a simulated machine: its pipeline, its replica and its times. */
export class SimServer {
  readonly id: number;
  readonly #options: SimServerOptions;
  #running: Running | undefined;
  /** When a session was last heard of here as the leader, in this server's own time; all of them when it began to lead. */
  readonly #heard = new Map<bigint, Moment>();
  #led: Moment | undefined;

  constructor(options: SimServerOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get running(): Running | undefined {
    return this.#running?.process.isAlive === true ? this.#running : undefined;
  }

  get status(): ReplicaStatus | undefined {
    return this.running?.replica.status();
  }

  get pipeline(): Pipeline | undefined {
    return this.running?.pipeline;
  }

  /** What the process does: it is given to the world. */
  async main(process: SimProcess): Promise<void> {
    const { shape, world, torment } = this.#options;
    this.#running = undefined;
    this.#led = undefined;
    let awakeMs = 0;
    process.clock.every(awakeStepMs, () => (awakeMs += awakeStepMs));
    const { wall } = world.host(this.id);
    const clock: ServerClock = {
      ...process.clock,
      monotonicMs: () => world.nowMs / wall.pace,
      drawBytes: (count) => Uint8Array.from({ length: count }, () => Number(process.clock.drawName() & 0xffn)),
    };
    const now = (): Moment => ({ monotonicMs: clock.monotonicMs(), awakeMs });
    const failuresBefore = world.host(this.id).failureCount;
    try {
      const { id, storage, transport } = process;
      const place = { id, storage, transport, members: shape.members, bootstrap: false };
      const hooks = { answerWord: () => "", tell: this.#tell(now) };
      const parts = createReplicatedParts(shape.options, place, { hooks, clock, viewChunkBytes: shape.viewChunkBytes });
      const replica = await openReplica({
        ...parts.replicaOptions,
        machine: this.#witness(process, parts, now),
        protocol: zab({ retainedEntriesMax: shape.retainedEntriesMax }),
        tickMs: shape.tickMs,
        segmentBytes: shape.segmentBytes,
      });
      if (!process.isAlive) return;
      replica.events.on("leader", ({ leader }) => {
        this.#led = leader === id ? now() : undefined;
        this.#heard.clear();
      });
      parts.replication.connect(parts.pipeline, replica);
      if (replica.status().leader === id) this.#led = now();
      keepTime({ pipeline: parts.pipeline, replica, options: shape.options, clock });
      this.#running = { ...parts, process, replica, now };
      const stopped = await replica.stopped;
      if (stopped !== undefined) throw stopped;
    } catch (thrown) {
      if (!process.isAlive) return;
      const error = thrown instanceof CoordError ? thrown : coordErrorOf(thrown);
      const isDisk = error.code === "storage-failed" && world.host(this.id).failureCount > failuresBefore;
      if (!isDisk) return world.fail(new Error(`server ${this.id} stops: ${String(thrown)}`, { cause: thrown }));
      torment().restartSoon(process);
    }
  }

  /** Where clients come in. */
  get listening(): Listening | undefined {
    const { running } = this;
    if (running === undefined) return undefined;
    const { process, pipeline, now } = running;
    return {
      process,
      accept: (host: ConnectionHost): ServerEnd => {
        const connection = pipeline.open(host);
        return {
          receive: (bytes) => connection.receive(bytes),
          heard: () => {
            if (connection.sessionId !== 0n) this.#heard.set(connection.sessionId, now());
          },
          disconnected: () => connection.disconnected(),
        };
      },
    };
  }

  /**
   * No session that was heard of within its timeout is ended for its silence; and the time in which the leader did not run,
   * and could hear nobody, is not silence.
   */
  #tell(now: () => Moment): TellEvent {
    return (type, event) => {
      if (type !== "sessionExpired" || !("sessionId" in event)) return;
      const { sessionId } = event;
      const { judge } = this.#options;
      judge.silent(sessionId);
      const { timeoutMs = 0 } = judge.tree.sessions.get(sessionId) ?? {};
      const heard = this.#heard.get(sessionId) ?? this.#led;
      if (heard === undefined) return;
      const silentMs = now().monotonicMs - heard.monotonicMs;
      const awakeMs = now().awakeMs - heard.awakeMs;
      const told = `${this.id} has heard of session ${sessionId} ${silentMs} ms ago, ${awakeMs} ms awake, of ${timeoutMs}`;
      this.#check(() => assert(silentMs >= timeoutMs && awakeMs >= timeoutMs / 2, told));
    };
  }

  /** The machine, and somebody who sees what is done to it. */
  #witness(process: SimProcess, { replication, machine }: ReplicatedParts, now: () => Moment): Machine {
    const { judge, shape, onTxn } = this.#options;
    const inner: ReplicatedMachine = replication;
    let sinceCompared = 0;
    const compare = (): void => {
      sinceCompared = 0;
      judge.holds(this.id, machine);
    };
    return {
      needsPrimaryOrder: inner.needsPrimaryOrder,
      prepare: (request, context) => inner.prepare(request, context),
      apply: (position, bytes) => {
        const reader = new JuteReader(bytes);
        // The mark.
        reader.long();
        reader.long();
        const txn = readTxn(reader);
        // First: what is applied is answered in the same turn.
        this.#check(() => {
          judge.applied(this.id, txn);
          onTxn(txn.zxid, txn.body.type);
        });
        const answer = inner.apply(position, bytes);
        sinceCompared += 1;
        if (process.isAlive && sinceCompared >= shape.compareEvery) this.#check(compare);
        return answer;
      },
      snapshot: () => inner.snapshot(),
      view: () => inner.view(),
      restore: (chunks) => {
        inner.restore(chunks);
        judge.counts.restores += 1;
        if (chunks.length > 0) this.#check(compare);
      },
      reported: (from, bytes) => {
        inner.reported(from, bytes);
        for (const sessionId of new BigInt64Array(bytes.slice().buffer)) {
          this.#heard.set(sessionId, now());
        }
      },
      leadershipLost: () => inner.leadershipLost(),
    };
  }

  #check(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#options.world.fail(thrown);
    }
  }
}
