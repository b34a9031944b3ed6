import type { NodeId } from "../entry.ts";
import type { MembershipView } from "../replica-core.ts";
import type { Leading, ZabState } from "./zab-state.ts";

/** What a change of members depends on, as its leader sees it at the moment it assigns a position. */
export function membershipView(state: ZabState, leading: Leading): MembershipView {
  const { configuration } = state.log;
  return {
    configuration,
    // As soon as its first entry is committed the second one is logged.
    isChanging: configuration.position > state.committed,
    hasQuorumInStep: (voters) => {
      const inStep = new Set<NodeId>([state.id]);
      for (const { node, trusted, phase } of leading.learners.values()) {
        if (trusted && phase === "broadcast") inStep.add(node);
      }
      return state.options.quorum(voters).isQuorum(inStep);
    },
  };
}
