import type { TextPlant } from "./text-plants.ts";

/** A mistake in per-slot Paxos. */
export interface SlotPlant extends TextPlant {
  /** The first seed under which it was seen. */
  readonly foundBy: number;
  /** It shows itself where members change. */
  readonly reconfigures?: true;
}

const folder = "core/slot-paxos";
const core = `${folder}/slot-paxos-core.ts`;
const prepare = `${folder}/prepare.ts`;
const accept = `${folder}/accept.ts`;
const log = `${folder}/slot-log.ts`;
const rounds = `${folder}/rounds.ts`;
const state = `${folder}/slot-state.ts`;
const members = `${folder}/members.ts`;

export const slotPlants: readonly SlotPlant[] = [
  {
    name: "promise-before-persist",
    source: "P1: a promise is answered before it is durable",
    foundBy: 1,
    changes: [[prepare, "const after = state.out.lastToken;", "const after = 0;"]],
  },
  {
    name: "accepted-before-persist",
    source: "P2: an acceptance is answered before it is durable",
    foundBy: 1,
    changes: [[accept, "first, last }, state.out.lastToken)", "first, last }, 0)"]],
  },
  {
    name: "ballot-reused",
    source: "P3: a ballot of one's own is not kept, and used again after a restart",
    foundBy: 1,
    changes: [
      [
        prepare,
        "const promiseToken = setEpochs(state, { accepted: ballot });",
        "const promiseToken = 0; state.epochs = { ...state.epochs, accepted: ballot };",
      ],
    ],
  },
  {
    name: "last-value-adopted",
    source: "P4: the value that came last is adopted, not that of the highest ballot",
    foundBy: 103,
    changes: [[prepare, "known === undefined || known.ballot < record.ballot", "true"]],
  },
  {
    name: "nothing-adopted",
    source: "P4: a leader goes on from its own slots, whatever its quorum accepted",
    foundBy: 1,
    changes: [[prepare, "for (const record of records) consider(record);", "void records;"]],
  },
  {
    name: "no-noop",
    source: "P5: a slot without a value gets no no-op, and what is behind it waits for ever",
    foundBy: 3,
    changes: [
      [
        prepare,
        "proposeEntry(state, leading, best.get(slot)?.entry ?? noop(slot, 0));",
        "const known = best.get(slot); if (known !== undefined) proposeEntry(state, leading, known.entry);",
      ],
    ],
  },
  {
    name: "executes-over-a-hole",
    source: "P5: what is chosen behind a slot without a value is executed without it",
    foundBy: 1,
    changes: [
      [
        accept,
        "if (!state.log.learn(pending.entry)) conflict",
        "state.out.apply({ kind: 'commit', entry: pending.entry }); if (!state.log.learn(pending.entry)) conflict",
      ],
    ],
  },
  {
    name: "promise-not-raised",
    source: "P6: a higher ballot is accepted without being promised",
    foundBy: 2,
    changes: [[accept, "promise(state, ballot);", ""]],
  },
  {
    name: "duplicate-counted",
    source: "P7: what one acceptor says twice counts as the word of two",
    foundBy: 1,
    changes: [
      [
        accept,
        "pending.acceptedBy.add(from);",
        "const other = [...electorateOf(state).voters].find((voter) => !pending.acceptedBy.has(voter)); pending.acceptedBy.add(pending.acceptedBy.has(from) ? (other ?? from) : from);",
      ],
    ],
  },
  {
    name: "refusal-counted",
    source: "P9: a refusal is taken for an acceptance",
    foundBy: 4,
    changes: [
      [
        core,
        "return onPreempted(state, message);",
        'if (role.kind === "leading") for (const slot of [...role.pending.keys()]) onAccepted(state, role, from, { kind: "accepted", ballot: role.ballot, first: slot, last: slot }); return;',
      ],
    ],
  },
  {
    name: "compaction-drops-accepted",
    source: "P10: with a snapshot of others goes what is accepted behind it",
    foundBy: 27,
    changes: [[log, "const kept = this.held(snapshot.position);", "const kept: SlotRecord[] = [];"]],
  },
  {
    name: "executed-on-acceptance",
    source: "P12: a member executes what it has accepted",
    foundBy: 1,
    changes: [
      [
        accept,
        "if (held?.ballot !== ballot) state.log.accept(ballot, entry);",
        "if (held?.ballot !== ballot) state.log.accept(ballot, entry); state.log.learn(entry);",
      ],
    ],
  },
  {
    name: "older-write-believed",
    source: "P13: a slot is written a, b, and the end of the write of a is taken for that of b",
    foundBy: 3,
    changes: [
      [
        log,
        "this.#put({ ballot, entry, token,",
        "this.#put({ ballot, entry, token: this.get(entry.zxid)?.token ?? token,",
      ],
    ],
  },
  {
    name: "older-ballots-counted",
    source: "P14: values of lower ballots are taken for chosen when a quorum holds them",
    foundBy: 1,
    changes: [
      [
        prepare,
        "for (let slot = committed + 1n; slot <= end; slot += 1n) {",
        "for (let slot = committed + 1n; slot <= end; slot += 1n) { const known = best.get(slot); const by = new Set([state.id]); for (const [node, { records }] of leading.promises) if (records.some(({ entry }) => entry.zxid === slot)) by.add(node); if (known !== undefined && electorateOf(state).quorum.isQuorum(by)) state.log.learn(known.entry);",
      ],
    ],
  },
  {
    name: "vote-back-at-once",
    source: "P15: a member that lost its disk votes again as soon as somebody leads",
    foundBy: 304,
    changes: [
      [rounds, " || confirmedRound(state, leading) < admission.round", ""],
      [rounds, "return laterOf(admission.end, configuration.position);", "return 1n;"],
    ],
  },
  {
    name: "ballots-without-members",
    source: "P24: ballots are told apart by their round only",
    foundBy: 1,
    changes: [
      ["core/paxos/ballot-number.ts", "return round * 256 + member;", "return round * 256;"],
      [core, "|| memberOf(ballot) !== from", ""],
      [accept, "memberOf(ballot), {", 'state.role.kind === "following" ? state.role.leader : 0, {'],
    ],
  },
  {
    name: "any-value-taken-for-chosen",
    source: "what a slot holds of an older ballot is taken for what the leader says is chosen",
    foundBy: 3,
    changes: [
      [
        accept,
        "if (held === undefined || (!held.chosen && held.ballot !== ballot)) break;",
        "if (held === undefined) break;",
      ],
    ],
  },
  {
    name: "void-values-adopted",
    source: "what lower ballots left behind a barrier is brought back",
    foundBy: 285,
    reconfigures: true,
    changes: [[prepare, "if (record.ballot < barrier) {", "if (record.ballot < 0) {"]],
  },
  {
    name: "prepared-on-the-old-prefix",
    source: "a leader goes on from the prefix that it knows, without fetching what its quorum knows",
    foundBy: 4,
    changes: [[prepare, "most !== undefined && most[1].committed > state.log.committed", "false"]],
  },
  {
    name: "entered-before-its-prefix",
    source: "the disk says that a ballot was entered before it knows the prefix up to there",
    foundBy: 1,
    changes: [[state, "state.log.saveChosen();", ""]],
  },
  {
    name: "covered-told-lost",
    source: "a request that a snapshot may hold is told to be lost",
    foundBy: 4,
    changes: [[state, "state.proposals.cover();", ""]],
  },
  {
    name: "lost-is-never-sent-again",
    source: "an accept that got lost is not sent again",
    foundBy: 14,
    changes: [
      [
        rounds,
        "if (trusted === true && voters.has(node)) sendPending(state, leading, node, again);",
        "void [node, trusted, again];",
      ],
    ],
  },
  {
    name: "gaps-are-not-asked-for",
    source: "a follower that lacks a slot waits for it",
    foundBy: 2,
    changes: [
      [rounds, "if (known < committed && known === state.committedAtLead) askFor(state, following.leader);", ""],
    ],
  },
  {
    name: "slots-behind-a-change",
    source: "P22: a leader gives out slots behind a change of members that is not chosen",
    foundBy: 1,
    reconfigures: true,
    changes: [[`${folder}/requests.ts`, "if (leading.changeSlot > state.log.committed) break;", ""]],
  },
  {
    name: "members-in-memory",
    source: "P23: who takes part is in memory only, and a restart begins with the members of old",
    foundBy: 3,
    reconfigures: true,
    changes: [
      [
        log,
        "this.persisted(0);",
        "this.#configuration = recovered.snapshot.configuration ?? initial; this.persisted(0);",
      ],
    ],
  },
  {
    name: "change-taken-over-and-passed",
    source: "a leader that takes over a change of members goes on behind it with the promises of those before",
    foundBy: 15,
    reconfigures: true,
    changes: [
      [prepare, "if (record.entry.configuration !== undefined) break;", ""],
      [prepare, "best.get(end)?.entry.configuration !== undefined;", "false;"],
    ],
  },
  {
    name: "new-voters-know-nothing",
    source: "a change of members is over before a quorum of the new ones knows what it stands on",
    foundBy: 3,
    reconfigures: true,
    changes: [[members, "if (!electorateOf(state).quorum.isQuorum(knowing(state, leading, position))) return;", ""]],
  },
];
