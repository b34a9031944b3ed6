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
const stopped = "the replica has stopped by then: after `fatal` nothing that it does leaves it";
const unlinked = "what is sent where no link leads is lost by the driver";
const oneValue = "a ballot proposes one value: of two reports of it either will do";
const asserted = "only an assertion sees it, and none ever fails";
const equal = "of two that are equal either will do";
const differ = "they are known to differ there";
const searched = "searched in vain: slower, and the same";

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
    file: "zab/adoption.ts",
    line: "if (!cutHistory(state, cut)) return false;",
    original: "!cutHistory(state, cut)",
    replacement: "false",
    reason: stopped,
  },
  {
    file: "slot-paxos/accept.ts",
    line: "for (let slot = told + 1n; slot <= committed; slot += 1n) leading.pending.delete(slot);",
    original: "told + 1n",
    replacement: "told - 1n",
    reason: "up to there nothing is pending any more",
  },
  {
    file: "slot-paxos/prepare.ts",
    line: 'if (leading.phase !== "discovery" || leading.promiseToken > state.durableToken) return;',
    original: "leading.promiseToken > state.durableToken",
    replacement: "false",
    reason: "who is asked for a promise is asked after that; who decides alone accepts in writes that come later",
  },
  {
    file: "slot-paxos/prepare.ts",
    line: "leading.promises.clear();",
    original: "leading.promises.clear();",
    replacement: ";",
    reason: "memory: nobody looks at them any more",
  },
  {
    file: "slot-paxos/prepare.ts",
    line: "if (known === undefined || known.ballot < record.ballot) best.set(slot, record);",
    original: "known.ballot < record.ballot",
    replacement: "known.ballot <= record.ballot",
    reason: oneValue,
  },
  {
    file: "decree/proposer.ts",
    line: "const isHigher = current.adopted === undefined || compareBallots(accepted.ballot, current.adopted.ballot) > 0;",
    original: "compareBallots(accepted.ballot, current.adopted.ballot) > 0",
    replacement: "compareBallots(accepted.ballot, current.adopted.ballot) >= 0",
    reason: oneValue,
  },
  {
    file: "slot-paxos/requests.ts",
    line: "if (!state.reads.hasWaiting) return;",
    original: "!state.reads.hasWaiting",
    replacement: "false",
    reason: "where no read waits none is confirmed: more work, and the same",
  },
  {
    file: "slot-paxos/search.ts",
    line: 'if (state.role.kind !== "looking") return;',
    original: 'state.role.kind !== "looking"',
    replacement: "false",
    reason: "whoever decides looks at the role: more work, and the same",
  },
  {
    file: "slot-paxos/search.ts",
    line: "return peer.zxid > committed || (peer.zxid === committed && node > state.id);",
    original: "node > state.id",
    replacement: "node >= state.id",
    reason: "a peer is never the member itself",
  },
  {
    file: "slot-paxos/slot-log.ts",
    line: "if (saved !== undefined && saved.snapshot.position > this.#snapshot.position) this.#adopt(saved.snapshot);",
    original: "saved.snapshot.position > this.#snapshot.position",
    replacement: "saved.snapshot.position >= this.#snapshot.position",
    reason: "two snapshots of one position hold the same",
  },
  {
    file: "slot-paxos/slot-log.ts",
    line: "if (left === right) return true;",
    original: "left === right",
    replacement: "false",
    reason: "compared with itself byte by byte: slower, and the same",
  },
  {
    file: "slot-paxos/slot-paxos-core.ts",
    line: "for (let changes = 0; ; changes += 1) {",
    original: "changes += 1",
    replacement: "changes -= 1",
    reason: "only an assertion counts them",
  },
  {
    file: "slot-paxos/slot-paxos-core.ts",
    line: 'if (role.kind === "leading") onReadRequest(state, from, message);',
    original: 'role.kind === "leading"',
    replacement: "true",
    reason: "memory: what a member that does not lead was asked is looked at by nobody, and forgotten with its role",
  },
  {
    file: "slot-paxos/slot-state.ts",
    line: "if (state.links.get(to) === link) state.out.send({ to, link, message, after });",
    original: "state.links.get(to) === link",
    replacement: "true",
    reason: unlinked,
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
    reason: unlinked,
  },
  {
    file: "zxid.ts",
    line: "return left < right ? left : right;",
    original: "left < right",
    replacement: "left <= right",
    reason: "of equal positions either is the earlier one",
  },
  {
    file: "zxid.ts",
    line: "return left > right ? left : right;",
    original: "left > right",
    replacement: "left >= right",
    reason: "of equal positions either is the later one",
  },
  {
    file: "quorum.ts",
    line: "const candidates = [...acked.entries()].toSorted((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : 0));",
    original: "a[1] > b[1]",
    replacement: "true",
    reason: "of equal positions any may come first",
  },
  {
    file: "log-mirror.ts",
    line: "for (const entry of recovered.entries) {",
    original:
      "{ assert(isSuccessor(previous, entry.zxid), `${formatZxid(entry.zxid)} follows ${formatZxid(previous)} in a log`); previous = entry.zxid; }",
    replacement: "{}",
    reason: asserted,
  },
  {
    file: "log-mirror.ts",
    line: "const last = this.#inFlight.at(-1);",
    original: "-1",
    replacement: "+1",
    reason: "a write that is noted twice says last what it makes durable",
  },
  {
    file: "log-mirror.ts",
    line: "if (done.snapshot !== undefined && done.snapshot.position > this.#snapshot.position) this.#adopt(done.snapshot);",
    original: "done.snapshot.position > this.#snapshot.position",
    replacement: "done.snapshot.position >= this.#snapshot.position",
    reason: equal,
  },
  {
    file: "log-mirror.ts",
    line: "if (droppable <= 0) return;",
    original: "droppable <= 0",
    replacement: "droppable < 0",
    reason: "a list gives up no entries by giving up none",
  },
  {
    file: "zab/election.ts",
    line: "if (left.epoch !== right.epoch) return left.epoch > right.epoch;",
    original: "left.epoch > right.epoch",
    replacement: "left.epoch >= right.epoch",
    reason: differ,
  },
  {
    file: "zab/election.ts",
    line: "if (left.zxid !== right.zxid) return left.zxid > right.zxid;",
    original: "left.zxid > right.zxid",
    replacement: "left.zxid >= right.zxid",
    reason: differ,
  },
  {
    file: "paxos/connected-election.ts",
    line: "if (left.epoch !== right.epoch) return left.epoch > right.epoch;",
    original: "left.epoch > right.epoch",
    replacement: "left.epoch >= right.epoch",
    reason: differ,
  },
  {
    file: "paxos/connected-election.ts",
    line: "if (left.zxid !== right.zxid) return left.zxid > right.zxid;",
    original: "left.zxid > right.zxid",
    replacement: "left.zxid >= right.zxid",
    reason: differ,
  },
  {
    file: "paxos/connected-election.ts",
    line: "return left.node > right.node;",
    original: "left.node > right.node",
    replacement: "left.node >= right.node",
    reason: differ,
  },
  {
    file: "zab/adoption.ts",
    line: "if (learner.currentEpoch !== leading.initialEpoch) return learner.currentEpoch > leading.initialEpoch;",
    original: "learner.currentEpoch > leading.initialEpoch",
    replacement: "learner.currentEpoch >= leading.initialEpoch",
    reason: differ,
  },
  {
    file: "zab/adoption.ts",
    line: "if (left.currentEpoch !== right.currentEpoch) return left.currentEpoch < right.currentEpoch;",
    original: "left.currentEpoch < right.currentEpoch",
    replacement: "left.currentEpoch <= right.currentEpoch",
    reason: differ,
  },
  {
    file: "zab/adoption.ts",
    line: "return left.lastZxid < right.lastZxid;",
    original: "left.lastZxid < right.lastZxid",
    replacement: "left.lastZxid <= right.lastZxid",
    reason: "within one epoch equally long histories are the same",
  },
  {
    file: "zxid.ts",
    line: "return left > right ? left : right;",
    original: "left > right",
    replacement: "left >= right",
    reason: equal,
  },
  {
    file: "zxid.ts",
    line: "return left < right ? left : right;",
    original: "left < right",
    replacement: "left <= right",
    reason: equal,
  },
  {
    file: "zab/zab-core.ts",
    line: "for (let changes = 0; state.next !== undefined; changes += 1) {",
    original: "changes += 1",
    replacement: "changes -= 1",
    reason: asserted,
  },
  {
    file: "zab/zab-core.ts",
    line: "...(input.members === undefined ? {} : { members: input.members }),",
    original: "input.members === undefined",
    replacement: "false",
    reason: "a name without a value is as good as none",
  },
  {
    file: "zab/zab-core.ts",
    line: "if (known === link) return;",
    original: "known === link",
    replacement: "false",
    reason: "a driver tells of each link once",
  },
  {
    file: "zab/proposal-book.ts",
    line: "if (this.#open.size === 0) return;",
    original: "this.#open.size === 0",
    replacement: "false",
    reason: searched,
  },
  {
    file: "zab/proposal-book.ts",
    line: "if (handedOver.length === 0) return;",
    original: "handedOver.length === 0",
    replacement: "false",
    reason: searched,
  },
  {
    file: "zab/proposal-book.ts",
    line: "this.#waiting.delete(key);",
    original: "this.#waiting.delete(key);",
    replacement: ";",
    reason: "one that is closed is passed over when its turn comes: its name stays until then",
  },
  {
    file: "zab/synchronization.ts",
    line: "return false;",
    original: "false",
    replacement: "true",
    reason: stopped,
  },
  {
    file: "zab/zab-core.ts",
    line: "restored: false,",
    original: "false",
    replacement: "true",
    reason: "before the first settling nothing was handed over that could be settled",
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
