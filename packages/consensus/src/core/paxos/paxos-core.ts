import { assert } from "@tutti/stdx";
import type { ReplicaMessage } from "../messages.ts";
import type { ReplicaCore } from "../replica-core.ts";
import { createVariantCore, type ZabCoreOptions } from "../zab/zab-core.ts";
import { ballotMemberMax } from "./ballot-number.ts";
import { createPaxosVariant } from "./connected-election.ts";

/**
 * Multi-Paxos over a whole log, in the shape of Sequence Paxos: one prepare covers all positions, a promise carries the
 * last accepted ballot and the end of the log, the leader takes over the best log of its quorum, makes everybody accept
 * it as a whole, and only then proposes. Positions keep the number of the ballot in which they were first proposed.
 *
 * | Paxos | here |
 * | --- | --- |
 * | ballot | epoch |
 * | prepare, promise | `leaderInfo`, `ackEpoch` |
 * | promise with accepted values | `pull` and the offers |
 * | accept of the adopted log | `diff`, `trunc`, `snap`, `newLeader` |
 * | accept, accepted, learn | `proposal`, `ack`, `commit` |
 *
 * Phase 2 is ZAB's, word for word: the two differ in who may lead.
 */
export function createPaxosCore(options: ZabCoreOptions): ReplicaCore<ReplicaMessage> {
  assert(options.id <= ballotMemberMax, `a member's number fits into a ballot, ${options.id}`);
  return createVariantCore(options, createPaxosVariant());
}
