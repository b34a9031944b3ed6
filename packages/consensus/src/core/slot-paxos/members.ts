import { unnamedClient, type NodeId } from "../entry.ts";
import type { MembershipView } from "../replica-core.ts";
import { proposeEntry } from "./accept.ts";
import { electorateOf, request, type Leading, type SlotState } from "./slot-state.ts";

// Changes of members. The configuration of a slot is that of the known prefix before it, and a leader gives out no slot
// behind one that changes the members before that is known to be chosen. So each slot has one electorate, which everybody
// who gives it out knows. (With alpha slots under way at a time it would be that of alpha slots before; alpha is 1 here, for
// these slots alone.)

/** What a change of members depends on, as its leader sees it at the moment it gives out a slot. */
export function membershipView(state: SlotState, leading: Leading): MembershipView {
  const { configuration } = state.log;
  return {
    configuration,
    isChanging: configuration.outgoing !== undefined,
    hasQuorumInStep: (voters) => state.options.quorum(voters).isQuorum(knowing(state, leading, leading.barrier)),
  };
}

/** The trusted members whose disks hold the known prefix up to there. */
function knowing(state: SlotState, leading: Leading, slot: bigint): ReadonlySet<NodeId> {
  const known = new Set<NodeId>();
  if (state.log.durableEnd >= slot) known.add(state.id);
  for (const [node, peer] of leading.peers) if (peer.trusted === true && peer.known >= slot) known.add(node);
  return known;
}

/**
 * From the first entry of a change on, the new voters decide alone. The second one says that a quorum of them knows all up to
 * the first: until then those before them are needed, to bring them up, and one of them may have to lead. When the second
 * is chosen they may go, and a leader that is none of the voters has no more to do.
 */
export function considerMembers(state: SlotState, leading: Leading): void {
  const { configuration, committed } = state.log;
  if (leading.phase === "synchronization" && leading.barrier === 0n && committed >= leading.last) {
    return request(state, { to: "leading", reason: "what was taken over changes the members" });
  }
  if (leading.phase !== "broadcast" || leading.changeSlot > committed) return;
  const { voters, observers, outgoing, position } = configuration;
  if (outgoing === undefined) {
    if (electorateOf(state).voters.has(state.id)) return;
    return request(state, { to: "looking", reason: "no longer a voter" });
  }
  if (!electorateOf(state).quorum.isQuorum(knowing(state, leading, position))) return;
  proposeEntry(state, leading, {
    zxid: leading.last + 1n,
    kind: "config",
    client: unnamedClient,
    sequence: 0,
    payload: new Uint8Array(0),
    configuration: { voters, observers, outgoing: undefined },
  });
}
