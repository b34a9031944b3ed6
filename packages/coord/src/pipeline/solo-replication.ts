import type { CoordMachine } from "../core/coord-machine.ts";
import type { WriteRequest } from "../core/write-request.ts";
import type { CommitListener, ProposalToken, Replication } from "../ports/replication.ts";

/** Replication of one, in memory: a proposal is prepared, committed and applied before `propose` returns. */
export class SoloReplication implements Replication {
  readonly #machine: CoordMachine;
  readonly #wallMs: () => bigint;
  #listener: CommitListener | undefined;
  #position = 0n;

  constructor(machine: CoordMachine, wallMs: () => bigint) {
    this.#machine = machine;
    this.#wallMs = wallMs;
  }

  listen(listener: CommitListener): void {
    this.#listener = listener;
    listener.ledBy("self");
  }

  propose(request: WriteRequest, token: ProposalToken): void {
    this.#position += 1n;
    const moment = { position: this.#position, epoch: 0n, nowMs: this.#wallMs() };
    const txn = this.#machine.prepare(request, moment);
    const result = this.#machine.apply(this.#position, txn);
    this.#listener?.committed({ token, txn, result });
  }

  report(_sessionIds: readonly bigint[], ended: (isConfirmed: boolean) => void): void {
    ended(true);
  }

  /** Nobody else can have committed anything. */
  sync(token: ProposalToken): void {
    this.#listener?.synced(token);
  }
}
