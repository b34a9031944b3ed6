import { errorCodes } from "../../src/protocol/error-codes.ts";
import type { MultiOp } from "../../src/protocol/multi-request.ts";
import { createFlags } from "../../src/protocol/opcodes.ts";
import type { Stat } from "../../src/protocol/records.ts";
import type { Request } from "../../src/protocol/requests.ts";

/** A node as it stood at one moment. Never changed: a change makes another. */
export interface ModelNode {
  readonly data: string;
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly pzxid: bigint;
  readonly ctimeMs: bigint;
  readonly mtimeMs: bigint;
  readonly version: number;
  /** Creates below it, ever. */
  readonly creates: number;
  readonly kind: "persistent" | "container" | bigint;
  readonly children: ReadonlySet<string>;
}

export interface ModelChange {
  readonly kind: "created" | "deleted" | "dataChanged";
  readonly path: string;
}

/** What became of one operation, or of a request. */
export interface ModelResult {
  /** Where several codes are right, all of them. */
  readonly errs: readonly number[];
  readonly path?: string;
  readonly stat?: Stat;
}

export interface ModelOutcome extends ModelResult {
  readonly results?: readonly ModelResult[];
  readonly changes: readonly ModelChange[];
}

/** Who asks, and when it is done. */
export interface ModelMoment {
  readonly zxid: bigint;
  readonly timeMs: bigint;
  readonly sessionId: bigint;
  /** The server by which the request came. */
  readonly serverId: number;
}

export interface ModelSession {
  readonly timeoutMs: number;
  readonly password: string;
  readonly serverId: number;
}

/** Requests that take a place in the log. */
export type ModelWrite = Extract<
  Request,
  { type: "create" | "create2" | "createContainer" | "delete" | "setData" | "multi" | "closeSession" }
>;

type Draft = Map<string, ModelNode | undefined>;

export const ok: readonly number[] = [errorCodes.ok];

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

export function textOf(data: Uint8Array | null): string {
  return Buffer.from(data ?? new Uint8Array(0)).toString("latin1");
}

export function modelStat(node: ModelNode): Stat {
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    ctime: node.ctimeMs,
    mtime: node.mtimeMs,
    version: node.version,
    cversion: 2 * node.creates - node.children.size,
    aversion: 0,
    ephemeralOwner: typeof node.kind === "bigint" ? node.kind : 0n,
    dataLength: node.data.length,
    numChildren: node.children.size,
    pzxid: node.pzxid,
  };
}

/**
 * What ZooKeeper's tree and sessions are after each transaction, written down as plainly as it goes: nodes are never changed
 * but replaced, and every one is kept, so that the tree can be asked how it was.
 */
export class TreeModel {
  readonly #sessions = new Map<bigint, ModelSession>();
  readonly #sessionHistory: {
    readonly zxid: bigint;
    readonly id: bigint;
    readonly session: ModelSession | undefined;
  }[] = [];
  readonly #history = new Map<string, { readonly zxid: bigint; readonly node: ModelNode | undefined }[]>();
  #zxid = 0n;

  constructor() {
    const root = { data: "", czxid: 0n, mzxid: 0n, pzxid: 0n, ctimeMs: 0n, mtimeMs: 0n, version: 0, creates: 0 };
    this.#put("/", { ...root, kind: "persistent", children: new Set(["zookeeper"]) }, 0n);
  }

  /** Of the last transaction. */
  get zxid(): bigint {
    return this.#zxid;
  }

  get sessions(): ReadonlyMap<bigint, ModelSession> {
    return this.#sessions;
  }

  sessionsAt(zxid: bigint): ReadonlyMap<bigint, ModelSession> {
    const sessions = new Map<bigint, ModelSession>();
    for (const { zxid: at, id, session } of this.#sessionHistory) {
      if (at > zxid) break;
      if (session === undefined) sessions.delete(id);
      else sessions.set(id, session);
    }
    return sessions;
  }

  /** Whether there was ever such a session. */
  knew(id: bigint): boolean {
    return this.#sessionHistory.some((one) => one.id === id);
  }

  setSession(id: bigint, session: ModelSession | undefined, zxid: bigint): void {
    if (session === undefined) this.#sessions.delete(id);
    else this.#sessions.set(id, session);
    this.#sessionHistory.push({ zxid, id, session });
  }

  /** All paths that ever were. */
  get paths(): Iterable<string> {
    return this.#history.keys();
  }

  get(path: string, zxid: bigint = this.#zxid): ModelNode | undefined {
    const versions = this.#history.get(path) ?? [];
    for (let index = versions.length - 1; index >= 0; index -= 1) {
      const version = versions[index];
      if (version !== undefined && version.zxid <= zxid) return version.node;
    }
    return undefined;
  }

  ephemeralsOf(sessionId: bigint, zxid: bigint = this.#zxid): readonly string[] {
    return [...this.#history.keys()].filter((path) => this.get(path, zxid)?.kind === sessionId);
  }

  /** Time goes on by a transaction, whatever it does. */
  reach(zxid: bigint): void {
    this.#zxid = zxid;
  }

  /** Does what was asked, or says why not. */
  perform(request: ModelWrite, moment: ModelMoment): ModelOutcome {
    this.#zxid = moment.zxid;
    if (request.type === "closeSession") return this.#closeAsked(moment);
    const draft: Draft = new Map();
    const changes: ModelChange[] = [];
    if (request.type !== "multi") {
      const result = this.#operate(request, moment, { draft, changes });
      this.#keep(draft, moment.zxid);
      return { ...result, changes };
    }
    const results: ModelResult[] = [];
    for (const [index, op] of request.ops.entries()) {
      const result = this.#operate(op, moment, { draft, changes });
      results.push(result);
      if (result.errs === ok) continue;
      const before = request.ops.slice(0, index).map(() => ({ errs: ok }));
      const behind = request.ops.slice(index + 1).map(() => ({ errs: [errorCodes.runtimeInconsistency] }));
      return { errs: ok, results: [...before, result, ...behind], changes: [] };
    }
    this.#keep(draft, moment.zxid);
    return { errs: ok, results, changes };
  }

  /** A session ends: its ephemerals go in one step. */
  close(sessionId: bigint, zxid: bigint): readonly ModelChange[] {
    const draft: Draft = new Map();
    const changes: ModelChange[] = [];
    for (const path of this.ephemeralsOf(sessionId)) this.#remove(path, zxid, { draft, changes });
    this.setSession(sessionId, undefined, zxid);
    this.#keep(draft, zxid);
    this.#zxid = zxid;
    return changes;
  }

  /** The reaper takes a container that had children and has none. */
  reap(path: string, zxid: bigint): readonly ModelChange[] | undefined {
    const node = this.get(path);
    this.#zxid = zxid;
    if (node?.kind !== "container" || node.children.size > 0) return undefined;
    const draft: Draft = new Map();
    const changes: ModelChange[] = [];
    this.#remove(path, zxid, { draft, changes });
    this.#keep(draft, zxid);
    return changes;
  }

  #closeAsked({ sessionId, serverId, zxid }: ModelMoment): ModelOutcome {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return { errs: [errorCodes.sessionExpired], changes: [] };
    if (session.serverId !== serverId) return { errs: [errorCodes.sessionMoved], changes: [] };
    return { errs: ok, changes: this.close(sessionId, zxid) };
  }

  #problem({ sessionId, serverId }: ModelMoment, makesEphemeral: boolean): readonly number[] | undefined {
    const session = this.sessions.get(sessionId);
    const { sessionExpired, sessionMoved, unknownSession } = errorCodes;
    if (session?.serverId === serverId) return undefined;
    if (makesEphemeral) return [sessionExpired];
    // Which of the two depends on whether the end of the session was applied already, or on its way.
    return session === undefined ? [sessionExpired, unknownSession] : [sessionMoved];
  }

  #operate(op: MultiOp, moment: ModelMoment, into: { draft: Draft; changes: ModelChange[] }): ModelResult {
    const get = (path: string): ModelNode | undefined => (into.draft.has(path) ? into.draft.get(path) : this.get(path));
    switch (op.type) {
      case "create":
      case "create2":
      case "createContainer":
      case "createTtl":
        return this.#create(op, moment, { ...into, get });
      case "delete": {
        const problem = this.#problem(moment, false);
        if (problem !== undefined) return { errs: problem };
        const node = get(op.path);
        if (node === undefined) return { errs: [errorCodes.noNode] };
        if (op.version !== -1 && op.version !== node.version) return { errs: [errorCodes.badVersion] };
        if (node.children.size > 0) return { errs: [errorCodes.notEmpty] };
        this.#remove(op.path, moment.zxid, into);
        return { errs: ok };
      }
      case "setData":
      case "check": {
        const problem = this.#problem(moment, false);
        if (problem !== undefined) return { errs: problem };
        const node = get(op.path);
        if (node === undefined) return { errs: [errorCodes.noNode] };
        if (op.version !== -1 && op.version !== node.version) return { errs: [errorCodes.badVersion] };
        if (op.type === "check") return { errs: ok };
        const { zxid, timeMs } = moment;
        const changed = { ...node, data: textOf(op.data), mzxid: zxid, mtimeMs: timeMs, version: node.version + 1 };
        into.draft.set(op.path, changed);
        into.changes.push({ kind: "dataChanged", path: op.path });
        return { errs: ok, stat: modelStat(changed) };
      }
    }
  }

  #create(
    op: Extract<MultiOp, { readonly flags: number }>,
    moment: ModelMoment,
    { get, draft, changes }: { get: (path: string) => ModelNode | undefined; draft: Draft; changes: ModelChange[] },
  ): ModelResult {
    const { zxid, timeMs, sessionId } = moment;
    const isEphemeral = op.flags === createFlags.ephemeral || op.flags === createFlags.ephemeralSequential;
    const isSequential = op.flags === createFlags.persistentSequential || op.flags === createFlags.ephemeralSequential;
    const problem = this.#problem(moment, isEphemeral);
    if (problem !== undefined) return { errs: problem };
    const above = parentOf(op.path);
    const parent = get(above);
    if (parent === undefined) return { errs: [errorCodes.noNode] };
    const path = isSequential ? op.path + String(parent.creates).padStart(10, "0") : op.path;
    if (get(path) !== undefined) return { errs: [errorCodes.nodeExists] };
    if (typeof parent.kind === "bigint") return { errs: [errorCodes.noChildrenForEphemerals] };
    const isContainer = op.type === "createContainer" || op.flags === createFlags.container;
    const node: ModelNode = {
      data: textOf(op.data),
      czxid: zxid,
      mzxid: zxid,
      pzxid: zxid,
      ctimeMs: timeMs,
      mtimeMs: timeMs,
      version: 0,
      creates: 0,
      kind: isEphemeral ? sessionId : isContainer ? "container" : "persistent",
      children: new Set(),
    };
    draft.set(path, node);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const children = new Set(parent.children).add(name);
    draft.set(above, { ...parent, children, creates: parent.creates + 1, pzxid: zxid });
    changes.push({ kind: "created", path });
    return { errs: ok, path, stat: modelStat(node) };
  }

  #remove(path: string, zxid: bigint, { draft, changes }: { draft: Draft; changes: ModelChange[] }): void {
    const above = parentOf(path);
    const parent = draft.get(above) ?? this.get(above);
    draft.set(path, undefined);
    changes.push({ kind: "deleted", path });
    if (parent === undefined) return;
    const children = new Set(parent.children);
    children.delete(path.slice(path.lastIndexOf("/") + 1));
    draft.set(above, { ...parent, children, pzxid: zxid });
  }

  #keep(draft: Draft, zxid: bigint): void {
    for (const [path, node] of draft) this.#put(path, node, zxid);
  }

  #put(path: string, node: ModelNode | undefined, zxid: bigint): void {
    const versions = this.#history.get(path) ?? [];
    versions.push({ zxid, node });
    this.#history.set(path, versions);
  }
}
