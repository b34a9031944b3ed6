import { changeTo, type Configuration, type Members } from "../core/configuration.ts";
import type { MembershipView, Prepared } from "../core/replica-core.ts";
import { ConsensusError } from "../consensus-error.ts";

/** What is wrong with a list of members, if anything: every one a positive integer, each once, at least one voter. */
export function problemsOfMembers({ voters, observers }: Members, memberMax: number): readonly string[] {
  const all = [...voters, ...observers];
  const problems = all
    .filter((member) => !Number.isSafeInteger(member) || member < 1 || member > memberMax)
    .map((member) => `member ${member} is not an integer from 1 to ${memberMax}`);
  if (voters.length === 0) problems.push("there are no voters");
  if (new Set(all).size !== all.length) problems.push(`members ${all.join(", ")} are not distinct`);
  return problems;
}

/** On the leader: takes a request for other members, or says why it is refused. */
export function prepareChange(members: Members, view: MembershipView): Prepared {
  const refusal = refusalOf(members, view);
  if (refusal !== undefined) return { kind: "reject", payload: new TextEncoder().encode(refusal) };
  return { kind: "config", payload: new Uint8Array(0), configuration: changeTo(view.configuration, members) };
}

/** The change that a machine made part of its transaction. It had the same view, and must have asked it. */
export function changeOfMachine(members: Members, view: MembershipView): Configuration {
  const refusal = refusalOf(members, view);
  if (refusal !== undefined) throw new ConsensusError("machine-failed", `a change of members was prepared: ${refusal}`);
  return changeTo(view.configuration, members);
}

function refusalOf({ voters }: Members, view: MembershipView): string | undefined {
  if (view.isChanging) return "another change of members is under way; ask again when it is over";
  if (view.hasQuorumInStep(voters)) return undefined;
  return `no quorum of the voters ${voters.join(", ")} is in step with the leader; start them as observers first`;
}
