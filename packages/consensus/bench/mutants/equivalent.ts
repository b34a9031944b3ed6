import type { Mutant } from "./make-mutants.ts";

/** A mutant that breaks no promise, and why. */
export interface Equivalent {
  /** Below `src/core/`. */
  readonly file: string;
  /** The line on which it begins. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

const cached = "made anew each time: slower, and the same";
const unmet = "over links that keep their order it cannot be so: only what a broken peer says is refused by it";
const stopped = "the replica has stopped by then: after `fatal` nothing that it does leaves it";
const elected = "only who tries to lead, and when; that a leader is safe is the business of phase 1";

/** Left out of the count. Each must still be there: what is not is reported. */
export const equivalents: readonly Equivalent[] = [
  {
    file: "zab/zab-state.ts",
    line: "if (state.electorate.configuration !== configuration) {",
    original: "state.electorate.configuration !== configuration",
    replacement: "true",
    reason: cached,
  },
  {
    file: "slot-paxos/slot-state.ts",
    line: "if (state.electorate.configuration !== configuration) {",
    original: "state.electorate.configuration !== configuration",
    replacement: "true",
    reason: cached,
  },
  {
    file: "zab/synchronization.ts",
    line: "if (!incoming.complete || end < state.delivered) {",
    original: "!incoming.complete || end < state.delivered",
    replacement: "false",
    reason: unmet,
  },
  {
    file: "zab/synchronization.ts",
    line: "if (!incoming.complete || end < state.delivered) {",
    original: "end < state.delivered",
    replacement: "false",
    reason: unmet,
  },
  {
    file: "zab/adoption.ts",
    line: "if (!cutHistory(state, cut)) return false;",
    original: "!cutHistory(state, cut)",
    replacement: "false",
    reason: stopped,
  },
  {
    file: "zab/adoption.ts",
    line: "if (!isVoting(state, learner) || !knowsMore(learner, leading)) continue;",
    original: "!isVoting(state, learner)",
    replacement: "false",
    reason: "the history of one without a vote is that of a leader too, and no worse than what it is compared with",
  },
  {
    file: "slot-paxos/prepare.ts",
    line: "const rounds = [leading.round, ...[...leading.peers.values()].map(({ round }) => round)];",
    original: "[...leading.peers.values()]",
    replacement: "[]",
    reason: "an older round may confirm sooner; the present one does, a round trip later",
  },
  {
    file: "slot-paxos/search.ts",
    line: "if (!search.answered.has(voter)) continue;",
    original: "!search.answered.has(voter)",
    replacement: "false",
    reason: elected,
  },
  {
    file: "zab/broadcast.ts",
    line: 'if (learner.phase === "discovery") continue;',
    original: 'learner.phase === "discovery"',
    replacement: "false",
    reason: "a learner in discovery answers, and is not counted: a ping too many",
  },
  {
    file: "log-mirror.ts",
    line: "if (droppable <= 0) return;",
    original: "droppable <= 0",
    replacement: "false",
    reason: "a list gives up a negative number of entries by giving up none",
  },
  {
    file: "paxos/connected-election.ts",
    line: "if (!state.links.has(to)) return;",
    original: "!state.links.has(to)",
    replacement: "false",
    reason: "what is sent where no link leads is lost by the driver",
  },
  {
    file: "quorum.ts",
    line: "const candidates = [...acked.entries()].toSorted((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : 0));",
    original: "a[1] > b[1]",
    replacement: "true",
    reason: "of equal positions any may come first",
  },
];

export function isEquivalent(mutant: Mutant): boolean {
  return equivalents.some((one) => isThat(mutant, one));
}

export function isThat({ file, context, original, replacement }: Mutant, one: Equivalent): boolean {
  if (one.file !== file || one.line !== context) return false;
  return one.original === flat(original) && one.replacement === flat(replacement);
}

/** As one line. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
