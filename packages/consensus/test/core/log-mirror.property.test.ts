import fc from "fast-check";
import { expect, test } from "vitest";
import type { LoggedConfiguration } from "../../src/core/configuration.ts";
import { EffectsBuffer, type Token } from "../../src/core/effects.ts";
import type { Entry, Snapshot } from "../../src/core/entry.ts";
import { LogMirror } from "../../src/core/log-mirror.ts";
import { counterOf, epochOf, zxidOf, type Zxid } from "../../src/core/zxid.ts";

const initial = { voters: [1, 2, 3], observers: [4] };
const atFirst: LoggedConfiguration = { ...initial, outgoing: undefined, position: 0n };

interface History {
  readonly entries: readonly Entry[];
  /** Who takes part before the first of them. */
  readonly before: LoggedConfiguration;
}

/** What was asked for, one after the other, as whole histories. */
interface Step {
  readonly token: Token;
  readonly history: History;
  readonly snapshot?: Snapshot;
  /** Of a history that takes the place of another: what they are known to share. */
  readonly safe?: Zxid;
}

function endOf({ entries, before }: History): Zxid {
  return entries.at(-1)?.zxid ?? before.position;
}

/** A whole history for each step, and nothing cached: what the mirror should say follows from that. */
class Model {
  readonly steps: Step[] = [{ token: 0, history: { entries: [], before: atFirst } }];
  durable = 0;
  drained = 0;

  get history(): History {
    return this.steps.at(-1)?.history ?? { entries: [], before: atFirst };
  }

  /** The end of what the disk holds of the present history. */
  get durableEnd(): Zxid {
    const held = this.steps.findLast(({ token }) => token <= this.durable)?.history;
    const replacing = this.steps.findLast(({ safe, token }) => safe !== undefined && token > this.durable);
    if (replacing?.safe !== undefined) return replacing.safe;
    const { entries, before } = this.history;
    let end = before.position;
    for (const [index, entry] of entries.entries()) {
      if (held?.entries[index] !== entry) break;
      end = entry.zxid;
    }
    return end;
  }

  /** A history that is to take the place of the log counts at once; one's own snapshot when it is durable. */
  get snapshot(): Zxid {
    const known = this.steps.filter(({ safe, token }) => safe !== undefined || token <= this.durable);
    return known.reduce(
      (highest, { snapshot }) => (snapshot !== undefined && snapshot.position > highest ? snapshot.position : highest),
      0n,
    );
  }

  get snapshotAskedFor(): Zxid {
    return this.steps.reduce(
      (highest, { snapshot }) => (snapshot !== undefined && snapshot.position > highest ? snapshot.position : highest),
      0n,
    );
  }

  configurations(): readonly LoggedConfiguration[] {
    const { entries, before } = this.history;
    const named = entries.flatMap(({ zxid, configuration }) =>
      configuration === undefined ? [] : [{ ...configuration, position: zxid }],
    );
    return [before, ...named];
  }
}

const share = fc.nat(99);
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("append" as const), isNextEpoch: fc.boolean(), names: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("truncate" as const), keep: share }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("snapshot" as const), keep: share }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("replace" as const), count: fc.nat(3), names: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("drain" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("persisted" as const), count: fc.integer({ min: 1, max: 8 }) }),
  },
);

type Operation = typeof operation extends fc.Arbitrary<infer One> ? One : never;

test("what a log's mirror says follows from the histories that were asked for, and those that the disk holds", () => {
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 20, maxLength: 40, size: "max" }),
      fc.nat(2),
      (operations, retainedEntriesMax) => {
        const out = new EffectsBuffer<never>();
        const recovered = { snapshot: { position: 0n, chunks: [] }, base: 0n, entries: [] };
        const mirror = new LogMirror(recovered, { initial, out, retainedEntriesMax });
        const model = new Model();
        for (const one of operations) {
          perform(one, { mirror, model, out });
          compare(mirror, model, retainedEntriesMax);
        }
        // Once the disk is done it holds all of it.
        mirror.persisted(out.lastToken);
        model.durable = out.lastToken;
        compare(mirror, model, retainedEntriesMax);
        expect(mirror.durableEnd).toBe(mirror.end);
        // After a restart it says the same.
        const { position } = mirror.snapshot;
        const snapshot = { position, chunks: [], configuration: mirror.configurationAt(position) };
        const found = { snapshot, base: mirror.base, entries: mirror.after(mirror.base) };
        compare(new LogMirror(found, { initial, out, retainedEntriesMax }), model, retainedEntriesMax);
      },
    ),
    { numRuns: 25 },
  );
});

function perform(
  one: Operation,
  { mirror, model, out }: { readonly mirror: LogMirror; readonly model: Model; readonly out: EffectsBuffer<never> },
): void {
  const { history } = model;
  const end = endOf(history);
  const held = [history.before.position, ...history.entries.map(({ zxid }) => zxid)].filter(
    (position) => position >= model.snapshotAskedFor && position >= mirror.base,
  );
  switch (one.kind) {
    case "append": {
      const entry = entryAfter(end, one);
      const entries = [...history.entries, entry];
      model.steps.push({ token: mirror.append(entry), history: { ...history, entries } });
      return;
    }
    case "truncate": {
      const last = held[Math.floor((one.keep * held.length) / 100)] ?? end;
      const entries = history.entries.filter(({ zxid }) => zxid <= last);
      model.steps.push({ token: mirror.truncate(last), history: { ...history, entries } });
      return;
    }
    case "snapshot": {
      const snapshot = { position: held[Math.floor((one.keep * held.length) / 100)] ?? end, chunks: [] };
      model.steps.push({ token: mirror.saveSnapshot(snapshot), history, snapshot });
      return;
    }
    case "replace": {
      const position = zxidOf(epochOf(end) + 1, 1);
      const configuration = one.names ? { voters: [7], observers: [], outgoing: undefined, position } : undefined;
      const snapshot: Snapshot = { position, chunks: [], configuration };
      const entries: Entry[] = [];
      for (let left = one.count; left > 0; left -= 1) {
        entries.push(entryAfter(entries.at(-1)?.zxid ?? position, { isNextEpoch: false, names: left === 2 }));
      }
      const before = { ...(configuration ?? atFirst), position };
      const token = mirror.replace(snapshot, entries, mirror.durableEnd);
      model.steps.push({ token, history: { entries, before }, snapshot, safe: mirror.durableEnd });
      return;
    }
    case "drain":
      model.drained = out.lastToken;
      out.drain();
      return;
    case "persisted":
      model.durable = Math.min(model.drained, model.durable + one.count);
      mirror.persisted(model.durable);
  }
}

function entryAfter(
  end: Zxid,
  { isNextEpoch, names }: { readonly isNextEpoch: boolean; readonly names: boolean },
): Entry {
  const zxid = isNextEpoch || end === 0n ? zxidOf(epochOf(end) + 1, 1) : zxidOf(epochOf(end), counterOf(end) + 1);
  const entry: Entry = { zxid, kind: "txn", client: 1n, sequence: 1, payload: new Uint8Array(0) };
  return names ? { ...entry, configuration: { voters: [counterOf(zxid)], observers: [], outgoing: [9] } } : entry;
}

function compare(mirror: LogMirror, model: Model, retainedEntriesMax: number): void {
  const { entries } = model.history;
  const end = endOf(model.history);
  expect(mirror.end).toBe(end);
  expect(mirror.durableEnd).toBe(model.durableEnd);
  expect(mirror.snapshot.position).toBe(model.snapshot);
  // It holds all that no snapshot covers, and of what one does no more than it may.
  const kept = entries.filter(({ zxid }) => zxid > mirror.base);
  const covered = kept.filter(({ zxid }) => zxid <= mirror.snapshot.position);
  expect(mirror.after(mirror.base)).toEqual(kept);
  expect(mirror.entryCount).toBe(kept.length);
  expect(mirror.base).toBeLessThanOrEqual(mirror.snapshot.position);
  if (mirror.base > model.history.before.position) expect(covered).toHaveLength(retainedEntriesMax);
  const configurations = model.configurations();
  const last = configurations.at(-1);
  const named = ({ voters }: LoggedConfiguration): unknown => voters;
  expect(mirror.configuration.voters).toEqual(last?.voters);
  for (const { zxid } of entries) {
    if (zxid < mirror.snapshot.position) continue;
    expect(mirror.holds(zxid)).toBe(true);
    expect(mirror.floorOf(zxid)).toBe(zxid);
    expect(mirror.floorOf(zxid + 1_000_000n)).toBe(entries.findLast((one) => one.zxid <= zxid + 1_000_000n)?.zxid);
    expect(mirror.range(mirror.snapshot.position, zxid)).toEqual(
      entries.filter((one) => one.zxid > mirror.snapshot.position && one.zxid <= zxid),
    );
    const there = configurations.findLast(({ position }) => position <= zxid);
    expect(mirror.configurationAt(zxid).voters).toEqual(there === undefined ? undefined : named(there));
  }
  // One that a snapshot covers has none before it.
  const isCovered = last === undefined || last.position <= mirror.snapshot.position;
  const previous = isCovered ? undefined : configurations.at(-2);
  expect(mirror.previousConfiguration?.voters).toEqual(previous?.voters);
  expect(mirror.holds(end + 1n)).toBe(false);
}
