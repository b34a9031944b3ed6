import { importPlanted, type PlantBed, type SourceChange, type SourcePlant, textsWith } from "@tutti/testkit";

export interface CoordPlant extends SourcePlant {
  /** Of the historic bug that it repeats, if it is one. */
  readonly source?: string;
  /** The first seed under which it was seen; of older code for three that the first 600 do not show now. */
  readonly foundBy: number;
}

const planted = (foundBy: number, name: string, ...changes: readonly SourceChange[]): CoordPlant => {
  return { foundBy, name, changes };
};

const pipeline = "pipeline/pipeline.ts";
const reports = "pipeline/session-reports.ts";
const connection = "pipeline/connection.ts";
const replies = "pipeline/reply-queue.ts";
const replicated = "server/replicated-machine.ts";
const sessions = "core/session-table.ts";
const tracker = "core/session-tracker.ts";
const prepare = "core/prepare.ts";
const watches = "core/watch-table.ts";
const snapshot = "core/snapshot.ts";

/** Mistakes in sessions, watches, multis, snapshots and ephemerals. */
export const plants: readonly CoordPlant[] = [
  {
    ...planted(21, "a snapshot shows what came while it was drawn", [
      "core/tree-view.ts",
      "this.#saved.set(path, node.state());",
      "",
    ]),
    source: "Z16: ZOOKEEPER-3127, 3144, 1367",
  },
  {
    ...planted(2, "an end of a session that a follower has read in part counts as received", [
      replicated,
      "const txn = this.#takePrepared(position) ?? readTxn(reader);",
      `const read = (whole: Txn): Txn =>
         whole.body.type !== "closeSession" ? whole : { ...whole, body: { ...whole.body, paths: whole.body.paths.slice(1) } };
       const txn = this.#takePrepared(position) ?? read(readTxn(reader));`,
    ]),
    source: "Z24: ZOOKEEPER-2355",
  },
  planted(1, "the zxid of a snapshot covers a change that is not in it", [
    snapshot,
    "lastZxid: state.lastZxid, sessions });",
    "lastZxid: state.lastZxid + 1n, sessions });",
  ]),
  planted(1, "ephemerals in a snapshot are nobody's", [
    "core/data-tree.ts",
    'const kind = kindOfOwner(node.owner);\n    if (kind.kind === "ephemeral")',
    'const kind = kindOfOwner(node.owner);\n    if (kind.kind === "container")',
  ]),
  planted(1, "the number of the next sequential node is not in a snapshot", [
    snapshot,
    "tree.restoreNode(path, nodeCodec.read(reader));",
    "tree.restoreNode(path, { ...nodeCodec.read(reader), childCreates: 0 });",
  ]),
  planted(410, "watches stay when the state is replaced", [
    pipeline,
    "restored(): void {\n    this.closeAll();",
    "restored(): void {",
  ]),
  planted(1, "an event comes after the answer", [
    pipeline,
    "for (const change of result.changes) this.#fire(change);",
    "queueMicrotask(() => result.changes.forEach((change) => this.#fire(change)));",
  ]),
  planted(1, "a watch outlives its event", [
    watches,
    "for (const watcher of watchers) this.remove(path, watcher, modes.standard);",
    "",
  ]),
  planted(1, "a new child is not missed by who comes back", [
    "pipeline/set-watches.ts",
    "else if (node.pzxid > request.relativeZxid)",
    "else if (node.mzxid > request.relativeZxid)",
  ]),
  planted(1, "a node that is not there cannot be watched", [
    "pipeline/answer-read.ts",
    "if (isAnswered || outcome === errorCodes.noNode)",
    "if (isAnswered)",
  ]),
  planted(1, "who hears of a deleted node keeps watching its children", [
    watches,
    "const others = [...this.#child.fired(path)].filter((watcher) => !own.has(watcher));",
    "const others = own.size > 0 ? [] : this.#child.fired(path);",
  ]),
  planted(1, "a multi that fails leaves what it had put down", [prepare, "context.outstanding.rollback(mark);", ""]),
  planted(1, "a multi that fails is done up to there", [
    prepare,
    "const before = ops.slice(0, index).map((): ErrorTxn => reject(errorCodes.ok));",
    "const before = prepared;",
  ]),
  planted(1, "a check sees what is applied, not what is on its way", [
    "core/prepare-change.ts",
    "const node = context.outstanding.get(path);\n  if (node === undefined) return reject(errorCodes.noNode);\n  if (!may(context, node.acl, permissions.read))",
    "const node = context.tree.get(path);\n  if (node === undefined) return reject(errorCodes.noNode);\n  if (!may(context, node.acl, permissions.read))",
  ]),
  planted(24, "ephemerals on their way outlive their session", [
    prepare,
    "const paths = outstanding.ephemeralsOf(sessionId);",
    "const paths = [...context.tree.ephemeralsOf(sessionId)];",
  ]),
  planted(91, "a session that is about to end may create", [sessions, "this.#closing.add(sessionId);", ""]),
  planted(1, "a lost connection ends its session", [
    pipeline,
    "this.watches.removeWatcher(connection.id);",
    'this.watches.removeWatcher(connection.id);\n    if (sessionId !== 0n) this.#propose(sessionId, { type: "closeSession" });',
  ]),
  planted(4, "anybody may have a session", [prepare, " || !sameBytes(session.password, op.password)", ""]),
  planted(5, "a session that has moved is served where it was", [
    sessions,
    "return serverId === anyServer || serverId === session.serverId ? undefined : errorCodes.sessionMoved;",
    "return serverId === session.serverId ? undefined : undefined;",
  ]),
  planted(1, "a new leader takes everybody for silent", [
    pipeline,
    "tracker.track(sessionId, session, nowMs);\n    return tracker;",
    "tracker.track(sessionId, session, nowMs - session.timeoutMs);\n    return tracker;",
  ]),
  planted(2, "the leader is not told of whom others hear", [
    reports,
    "replication.report([...report.heard], ",
    "replication.report([], ",
  ]),
  planted(109, "a session that came back while its end was on its way is ended", [
    prepare,
    "return session.openedZxid === openedZxid ? endSession(context)",
    "return session !== undefined ? endSession(context)",
  ]),
  planted(184, "a leader counts the silence of sessions that others have, and not that of the others", [
    tracker,
    "return servedMs >= answersUntilMs + tracked.timeoutMs;",
    "return servedMs >= answersUntilMs - Infinity;",
  ]),
  planted(175, "a session goes on at its server however long it was silent", [
    connection,
    "return heardMs !== undefined && toldMs - heardMs <= timeoutMs * silentShareMax;",
    "return true;",
  ]),
  planted(65, "a server that was started again remembers whom it heard of", [
    tracker,
    "if (before !== undefined && before.life !== life) this.#touchAllOf(serverId, before.life, nowMs);",
    "",
  ]),
  planted(33, "a client counts from when it hears, and not from when it asked", [
    "core/client/connection-life.ts",
    "if (provenMs > this.#provenMs && this.#isProof && !deniesSession(err)) this.#provenMs = provenMs;",
    "if (this.#isProof && !deniesSession(err)) this.#provenMs = nowMs;",
  ]),
  planted(31, "time in which nobody could be heard is silence", [
    tracker,
    "if (gapMs > 2 * this.#options.tickMs) {",
    "if (gapMs < 0) {",
  ]),
  planted(181, "a session comes back to a server that is behind it", [
    connection,
    "request.lastZxidSeen > machine.lastZxid || !isServed",
    "!isServed",
  ]),
  planted(2, "the token of another server's request wakes whoever has it here", [
    replicated,
    "token: life === this.#life ? token : 0,",
    "token,",
  ]),
  planted(1, "a read does not wait for the writes before it", [
    connection,
    'this.#enqueue({ ...at, kind: "read", request, ids: this.#ids });',
    'this.#answerRead({ ...at, kind: "read", request, ids: this.#ids });',
  ]),
  planted(12, "a sync asks nobody", [
    replicated,
    "this.#replica?.read(() => listener?.synced(token)).catch(() => undefined);",
    "queueMicrotask(() => listener?.synced(token));",
  ]),
  planted(208, "what a deposed leader had on its way binds the next one", [
    "core/coord-machine.ts",
    "this.#outstanding.clear();\n    this.#sessions.dropOutstanding();",
    "",
  ]),
  planted(8, "a sync tells what was applied when it was over", [
    replies,
    'if (waiting.kind === "sync") place.outcome = "synced";\n    }',
    "}",
  ]),
];

/** Those that cost the tests little. */
export const soonSeen: readonly CoordPlant[] = plants.filter(({ foundBy }) => foundBy <= 2);

const sources = new URL("../../src/", import.meta.url);
const bed: PlantBed = { folder: sources, copied: [sources, new URL(".", import.meta.url)] };

/** Throws where the code has gone on without the mistake. */
export function textsOf(plant: CoordPlant): readonly string[] {
  return textsWith(plant, bed);
}

/** The simulator over servers with the mistake in them. */
export async function simulateWith(
  plant: CoordPlant,
): Promise<(typeof import("./simulate-servers.ts"))["simulateServers"]> {
  const module = new URL("simulate-servers.ts", import.meta.url);
  const loaded = (await importPlanted(module, plant, bed)) as typeof import("./simulate-servers.ts");
  return loaded.simulateServers;
}
