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
  readonly clock: ServerClock;
}

/** A server as it ships, on a simulated machine: its pipeline, its replica and its times. */
export class SimServer {
  readonly id: number;
  readonly #options: SimServerOptions;
  #running: Running | undefined;
  /** When a session was last heard of here as the leader, in this server's own time; all of them when it began to lead. */
  readonly #heardMs = new Map<bigint, number>();
  #ledMs: number | undefined;

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
    this.#ledMs = undefined;
    const { wall } = world.host(this.id);
    const clock: ServerClock = {
      ...process.clock,
      monotonicMs: () => world.nowMs / wall.pace,
      drawBytes: (count) => Uint8Array.from({ length: count }, () => Number(process.clock.drawName() & 0xffn)),
    };
    const failuresBefore = world.host(this.id).failureCount;
    try {
      const { id, storage, transport } = process;
      const place = { id, storage, transport, members: shape.members, bootstrap: false };
      const hooks = { answerWord: () => "", tell: this.#tell(clock) };
      const parts = createReplicatedParts(shape.options, place, { hooks, clock, viewChunkBytes: shape.viewChunkBytes });
      const replica = await openReplica({
        ...parts.replicaOptions,
        machine: this.#witness(process, parts, clock),
        protocol: zab({ retainedEntriesMax: shape.retainedEntriesMax }),
        tickMs: shape.tickMs,
        segmentBytes: shape.segmentBytes,
      });
      if (!process.isAlive) return;
      replica.events.on("leader", ({ leader }) => {
        this.#ledMs = leader === id ? clock.monotonicMs() : undefined;
        this.#heardMs.clear();
      });
      parts.replication.connect(parts.pipeline, replica);
      if (replica.status().leader === id) this.#ledMs = clock.monotonicMs();
      keepTime({ pipeline: parts.pipeline, replica, options: shape.options, clock });
      this.#running = { ...parts, process, replica, clock };
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
    const { process, pipeline, clock } = running;
    return {
      process,
      accept: (host: ConnectionHost): ServerEnd => {
        const connection = pipeline.open(host);
        return {
          receive: (bytes, isWhole) => {
            connection.receive(bytes);
            if (isWhole && connection.sessionId !== 0n) this.#heardMs.set(connection.sessionId, clock.monotonicMs());
          },
          disconnected: () => connection.disconnected(),
        };
      },
    };
  }

  /** No session that was heard of within its timeout is ended for its silence. */
  #tell(clock: ServerClock): TellEvent {
    return (type, event) => {
      if (type !== "sessionExpired" || !("sessionId" in event)) return;
      const { sessionId } = event;
      const { timeoutMs } = this.#options.judge.tree.sessions.get(sessionId) ?? { timeoutMs: 0 };
      const heardMs = Math.max(this.#ledMs ?? Number.NEGATIVE_INFINITY, this.#heardMs.get(sessionId) ?? 0);
      const silentMs = clock.monotonicMs() - heardMs;
      this.#check(() => {
        assert(
          silentMs >= timeoutMs,
          `session ${sessionId} was heard of ${silentMs} ms ago at ${this.id}, of ${timeoutMs}`,
        );
      });
    };
  }

  /** The machine, and somebody who sees what is done to it. */
  #witness(process: SimProcess, { replication, machine }: ReplicatedParts, clock: ServerClock): Machine {
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
          this.#heardMs.set(sessionId, clock.monotonicMs());
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
