import { checkSessionOrder, type Model, type SessionReply } from "@tutti/consensus/check";
import { assert } from "@tutti/stdx";
import type { CoordMachine } from "../../src/core/coord-machine.ts";
import type { Txn } from "../../src/core/txn.ts";
import { statOf } from "../../src/core/znode.ts";
import type { Request } from "../../src/protocol/requests.ts";
import { judgeRead, type ReadRequest } from "./judge-read.ts";
import { judgeWriteBody, type ReplyBody, shown } from "./judge-write.ts";
import {
  type ModelChange,
  modelStat,
  type ModelOutcome,
  type ModelSession,
  type ModelWrite,
  ok,
  textOf,
  TreeModel,
} from "./tree-model.ts";

/** What a client has asked for, whatever comes of it. */
export interface Asked {
  readonly sessionId: bigint;
  readonly xid: number;
  /** The server that it was sent to. */
  readonly serverId: number;
  readonly request: Request;
  readonly calledAt: number;
  /** The connection that it was sent over. */
  readonly connection: { readonly isLeft: boolean; readonly number: number };
}

/** How a server answered it. */
export interface Answered {
  readonly zxid: bigint;
  readonly err: number;
  /** Undefined for errors. */
  readonly body: ReplyBody | undefined;
  readonly returnedAt: number;
}

interface Placed {
  readonly txn: Txn;
  readonly asked: Asked | undefined;
  readonly outcome: ModelOutcome;
}

/** Outputs are held against the model when they come. */
const anyOutput: Model<undefined, unknown, unknown> = {
  name: "any output",
  initial: undefined,
  step: () => ({ next: undefined }),
  identify: () => "",
};

/**
 * Holds what servers apply and what clients hear against a model. The log tells in which order things happened; what each
 * of them does follows from the request alone.
 */
export class Judge {
  readonly tree = new TreeModel();
  readonly counts = { txns: 0, writes: 0, reads: 0, refused: 0, expired: 0, multis: 0, restores: 0 };
  readonly #asked = new Map<string, Asked>();
  readonly #placed = new Map<bigint, Placed>();
  readonly #order: bigint[] = [];
  /** Index in `#order` of each zxid, for the changes behind one. */
  readonly #places = new Map<bigint, number>();
  readonly #replies: SessionReply<unknown, unknown>[] = [];
  /** xid of the newest request of each session that was not refused. */
  readonly #newest = new Map<bigint, number>();
  readonly #toldExpired = new Set<bigint>();
  readonly #silent = new Set<bigint>();

  /** Told when servers end a session for its silence. */
  onExpired: (sessionId: bigint) => void = () => undefined;
  #connectionCount = 0;

  nextConnection(): number {
    this.#connectionCount += 1;
    return this.#connectionCount;
  }

  asked(asked: Asked): void {
    this.#asked.set(`${asked.sessionId} ${asked.xid}`, asked);
  }

  /** A server applies a transaction. What the first one applies, all have to. */
  applied(serverId: number, txn: Txn): void {
    const known = this.#placed.get(txn.zxid);
    if (known !== undefined) {
      const isSame = known.txn.sessionId === txn.sessionId && known.txn.xid === txn.xid;
      assert(isSame, `server ${serverId} applies at ${shown(txn.zxid)} what all others apply there`);
      return;
    }
    assert(txn.zxid > this.tree.zxid, `server ${serverId} applies ${shown(txn.zxid)} in its order`);
    this.counts.txns += 1;
    const asked = txn.xid === 0 ? undefined : this.#askedFor(txn);
    const outcome = asked === undefined ? this.#perform(txn) : this.#performAsked(txn, asked);
    this.#placed.set(txn.zxid, { txn, asked, outcome });
    this.#places.set(txn.zxid, this.#order.length);
    this.#order.push(txn.zxid);
  }

  #askedFor({ sessionId, xid, zxid }: Txn): Asked {
    const asked = this.#asked.get(`${sessionId} ${xid}`);
    assert(asked !== undefined, `somebody asked for what is applied at ${shown(zxid)}: ${sessionId} ${xid}`);
    return asked;
  }

  #performAsked(txn: Txn, asked: Asked): ModelOutcome {
    const { zxid, timeMs, sessionId, body } = txn;
    const request = asked.request as ModelWrite;
    const outcome = this.tree.perform(request, { zxid, timeMs, sessionId, serverId: asked.serverId });
    const err = body.type === "error" ? body.err : 0;
    const at = `${request.type} of ${sessionId}/${asked.xid} at ${shown(zxid)}`;
    assert(outcome.errs.includes(err), `${at} comes to ${outcome.errs.join(" or ")}, not to ${err}`);
    const isRefused = err !== 0 || outcome.results?.some(({ errs }) => errs !== ok) === true;
    if (!isRefused) {
      const newest = this.#newest.get(sessionId) ?? 0;
      assert(asked.xid > newest, `${at} is applied in the order of its session, once, and not after ${newest}`);
      this.#newest.set(sessionId, asked.xid);
    }
    if (request.type === "closeSession" && body.type === "closeSession") return inOrderOf(body.paths, outcome, at);
    if (request.type === "multi") this.counts.multis += 1;
    return outcome;
  }

  /** What servers ask for themselves. */
  #perform({ zxid, sessionId, body }: Txn): ModelOutcome {
    const { tree } = this;
    const at = `${body.type} of ${sessionId} at ${shown(zxid)}`;
    const nothing: ModelOutcome = { errs: [0], changes: [] };
    switch (body.type) {
      case "createSession":
      case "attachSession": {
        const session = tree.sessions.get(sessionId);
        const password = textOf(body.password);
        if (body.type === "createSession") {
          assert(!tree.knew(sessionId), `${at}: the id of a new session was never used`);
        } else assert(session?.password === password, `${at}: a session that lives is taken by its password`);
        tree.setSession(sessionId, { timeoutMs: body.timeoutMs, password, serverId: body.serverId }, zxid);
        break;
      }
      case "closeSession": {
        assert(tree.sessions.has(sessionId), `${at}: a session ends once`);
        assert(this.#silent.has(sessionId), `${at}: only a session that was silent is ended by the servers`);
        this.counts.expired += 1;
        this.onExpired(sessionId);
        return inOrderOf(body.paths, { errs: [0], changes: tree.close(sessionId, zxid) }, at);
      }
      case "delete": {
        const changes = tree.reap(body.path, zxid);
        assert(sessionId === 0n && changes !== undefined, `${at}: the reaper takes ${body.path}, an empty container`);
        return { errs: [0], changes };
      }
      case "error":
        break;
      default:
        assert(false, `${at}: no server asks for that`);
    }
    tree.reach(zxid);
    return nothing;
  }

  /** The changes behind one moment up to another, in their order. */
  *changesBetween(after: bigint, upTo: bigint): Generator<{ zxid: bigint; changes: readonly ModelChange[] }> {
    let index = this.#places.get(after);
    index = index === undefined ? this.#order.findIndex((zxid) => zxid > after) : index + 1;
    for (; index >= 0 && index < this.#order.length; index += 1) {
      const zxid = this.#order[index] ?? 0n;
      if (zxid > upTo) return;
      yield { zxid, changes: this.#placed.get(zxid)?.outcome.changes ?? [] };
    }
  }

  answered(asked: Asked, answered: Answered): void {
    const { request, sessionId, calledAt } = asked;
    const { zxid, err, body, returnedAt } = answered;
    const at = `${request.type} of ${sessionId}/${asked.xid}, answered at ${shown(zxid)}`;
    assert(zxid <= this.tree.zxid, `${at}: no server knows what is not in the log`);
    const placed = this.#placed.get(zxid);
    const kind = request.type === "sync" ? "sync" : isWrite(request) ? "write" : "read";
    const isGone = err === -112 && kind !== "write";
    if (isGone) this.#toldExpired.add(sessionId);
    else if (kind === "write") {
      assert(placed?.asked === asked, `${at}: the transaction there is its own`);
      assert(placed.outcome.errs.includes(err), `${at}: is told ${placed.outcome.errs.join(" or ")}, not ${err}`);
      judgeWriteBody(request as ModelWrite, { outcome: placed.outcome, body, err, at });
    } else if (kind === "read") judgeRead(request as ReadRequest, { tree: this.tree, zxid, sessionId, err, body, at });
    this.counts[kind === "write" ? "writes" : "reads"] += 1;
    if (err !== 0) this.counts.refused += 1;
    if (isGone) return;
    // What comes late over a connection that was left has an order of its own.
    const { isLeft, number } = asked.connection;
    const session = isLeft ? `${sessionId} over ${number}` : String(sessionId);
    this.#replies.push({ session, kind, zxid, calledAt, returnedAt, input: at, output: err });
  }

  /** A leader ends it for its silence. */
  silent(sessionId: bigint): void {
    this.#silent.add(sessionId);
  }

  /** Its rightful owner was told that the session is over. */
  toldExpired(sessionId: bigint): void {
    this.#toldExpired.add(sessionId);
  }

  /** A server's tree and sessions are those of its last transaction. */
  holds(serverId: number, { tree, sessions, lastZxid }: CoordMachine): void {
    const at = `server ${serverId} at ${shown(lastZxid)}`;
    let count = 0;
    for (const path of this.tree.paths) {
      const expected = this.tree.get(path, lastZxid);
      const node = tree.get(path);
      assert((node === undefined) === (expected === undefined), `${at} has ${path} as all others have it`);
      if (node === undefined || expected === undefined) continue;
      count += 1;
      if (path === "/") continue;
      const stat = shown(statOf(node));
      assert(stat === shown(modelStat(expected)), `${at} holds ${path} as ${shown(modelStat(expected))}, not ${stat}`);
      assert(textOf(node.data) === expected.data, `${at} holds the data of ${path}`);
      const children = tree.childNamesOf(node).toSorted().join(" ");
      assert(children === [...expected.children].toSorted().join(" "), `${at} holds the children of ${path}`);
      if (node.kind.kind !== "ephemeral") continue;
      const { sessionId } = node.kind;
      assert(tree.ephemeralsOf(sessionId).has(path), `${at} knows ${path} for one of ${sessionId}`);
      assert(sessions.get(sessionId) !== undefined, `${at}: ${path} is of a session that lives`);
    }
    const others = [...tree.entries()].filter(([path]) => !path.startsWith("/zookeeper")).length;
    assert(others === count, `${at} has no node that nobody has made`);
    const own = [...sessions.all].map(([id, { password, ...rest }]) =>
      sessionText(id, { ...rest, password: textOf(password) }),
    );
    const known = [...this.tree.sessionsAt(lastZxid)].map(([id, session]) => sessionText(id, session));
    assert(
      own.toSorted().join() === known.toSorted().join(),
      `${at} has the sessions ${known.join()}, not ${own.join()}`,
    );
  }

  /** When everything is over. */
  finish(): void {
    const [violation] = checkSessionOrder(anyOutput, this.#replies);
    if (violation !== undefined) {
      const { rule, reason, reply } = violation;
      assert(false, `${rule}: ${String(reply.input)}: ${reason}`);
    }
    for (const sessionId of this.#toldExpired) {
      assert(!this.tree.sessions.has(sessionId), `session ${sessionId} is over, as its owner was told`);
    }
  }
}

function isWrite({ type }: Request): boolean {
  return ["create", "create2", "createContainer", "delete", "setData", "multi", "closeSession"].includes(type);
}

/** The order in which a session's ephemerals go is the leader's choice, and all servers keep to it. */
function inOrderOf(paths: readonly string[], outcome: ModelOutcome, at: string): ModelOutcome {
  const expected = outcome.changes.map(({ path }) => path).toSorted();
  assert([...paths].toSorted().join() === expected.join(), `${at} ends ${expected.join()}, not ${paths.join()}`);
  return { ...outcome, changes: paths.map((path) => ({ kind: "deleted", path })) };
}

function sessionText(id: bigint, { timeoutMs, serverId, password }: ModelSession): string {
  return `${id} of ${timeoutMs} ms at ${serverId} by ${Buffer.from(password, "latin1").toString("hex")}`;
}
