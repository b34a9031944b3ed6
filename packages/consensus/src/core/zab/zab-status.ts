import type { CoreStatus } from "../replica-core.ts";
import { formatZxid } from "../zxid.ts";
import { isVoter, type ZabState } from "./zab-state.ts";

const letters = { looking: "L", following: "F", observing: "O", leading: "*" } as const;

export function roleName(state: ZabState): CoreStatus["role"] {
  if (state.role.kind !== "learning") return state.role.kind;
  return isVoter(state) ? "following" : "observing";
}

export function statusOf(state: ZabState): CoreStatus {
  const { role } = state;
  const inStep = role.kind !== "looking" && role.phase === "broadcast";
  const leader = role.kind === "learning" ? role.leader : state.id;
  return {
    id: state.id,
    role: roleName(state),
    phase: role.kind === "looking" ? "election" : role.phase,
    leader: inStep ? leader : undefined,
    epoch: state.epochs.current,
    acceptedEpoch: state.epochs.accepted,
    voting: isVoter(state),
    committed: state.committed,
    logged: state.log.end,
    durable: state.log.durableEnd,
    delivered: state.delivered,
    snapshot: state.log.snapshot.position,
  };
}

/** One line: id and role, epoch, committed/logged. */
export function explainStatus(status: CoreStatus): string {
  const { id, role, epoch, committed, logged } = status;
  return `${id}${letters[role]} e${epoch} ${formatZxid(committed)}/${formatZxid(logged)}`;
}
