// Over 300 lines: one method for each operation, and each is short.
import { CoordError } from "../coord-error.ts";
import { specialPaths } from "../core/zookeeper-path.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import type { MultiOp, MultiReadOp } from "../protocol/multi-request.ts";
import type { RequestType } from "../protocol/opcodes.ts";
import type { Acl, Stat } from "../protocol/records.ts";
import type { Request, RequestBodies } from "../protocol/requests.ts";
import type { ClientInfo, ResponseBodies } from "../protocol/responses.ts";
import { acls } from "./acls.ts";
import { validatePath, withChroot, withoutChroot } from "./client-path.ts";
import type { DataCodec } from "./codecs.ts";
import { flagsOf } from "./create-mode.ts";
import { watchChanges } from "./persistent-watch.ts";
import { createProtected } from "./protected-create.ts";
import { refusalOf } from "./refusal.ts";
import type {
  CallOptions,
  Created,
  CreateOptions,
  Data,
  EventSource,
  MultiReadItem,
  MultiReadResults,
  NodeData,
  PersistentWatchOptions,
  ProtectedCreateOptions,
  ReconfigChange,
  Session,
  VersionOptions,
  WatchedChange,
  WatchOptions,
} from "./session.ts";
import type { WireSession } from "./wire-session.ts";
import { Transaction } from "./transaction.ts";
import { isConnected, type SessionEvents, type SessionState } from "../core/client/session-state.ts";
import type { WatchCallback, WatchKind } from "../core/client/watch-registry.ts";

/** Room for the path and the rest of a request beside the data. */
const overheadBytes = 4096;
const deletesPerTransaction = 500;
const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

export class ClientSession implements Session {
  readonly #wire: WireSession;
  readonly #chroot: string;
  readonly #dataBytesMax: number;

  constructor(wire: WireSession) {
    this.#wire = wire;
    this.#chroot = wire.chroot;
    this.#dataBytesMax = wire.options.frameBytesMax - overheadBytes;
  }

  get events(): EventSource<SessionEvents> {
    return this.#wire.events;
  }

  get state(): SessionState {
    return this.#wire.state;
  }

  get id(): bigint {
    return this.#wire.sessionId;
  }

  get timeoutMs(): number {
    return this.#wire.timeoutMs;
  }

  get lastZxid(): bigint {
    return this.#wire.lastZxid;
  }

  async create(path: string, data: Data = null, options: ProtectedCreateOptions = {}): Promise<Created> {
    const { isProtected = false, ...rest } = options;
    if (isProtected) return createProtected(this, path, data, rest);
    const { type, ...op } = this.#createOp(path, data, options);
    const { path: made, stat } = await this.#do(type as "create2", op as RequestBodies["create2"], options);
    return { path: this.#shown(made), stat };
  }

  async delete(path: string, options: VersionOptions = {}): Promise<void> {
    await this.#do("delete", { path: this.#path(path, "delete"), version: options.version ?? -1 }, options);
  }

  async exists(path: string, options: WatchOptions = {}): Promise<Stat | undefined> {
    const real = this.#path(path, "exists");
    const kindOf = (err: number): WatchKind => (err === errorCodes.noNode ? "exist" : "data");
    const watches = (err: number): boolean => err === errorCodes.ok || err === errorCodes.noNode;
    const found = await this.#read("exists", real, { ...options, path, kindOf, watches });
    return found?.stat;
  }

  async get(path: string, options: WatchOptions = {}): Promise<NodeData> {
    return this.#getData(this.#path(path, "get"), path, options);
  }

  async getAs<Value>(path: string, codec: DataCodec<Value>, options?: WatchOptions): Promise<Value> {
    const { data } = await this.get(path, options);
    try {
      return codec.decode(data);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      throw new CoordError("malformed-record", `get ${path}: ${message}`, { path, operation: "get", cause: thrown });
    }
  }

  async set(path: string, data: Data, options: VersionOptions = {}): Promise<Stat> {
    const body = {
      path: this.#path(path, "set"),
      data: this.#bytes(data, path, "set"),
      version: options.version ?? -1,
    };
    return (await this.#do("setData", body, options)).stat;
  }

  async children(path: string, options: WatchOptions = {}): Promise<readonly string[]> {
    const real = this.#path(path, "children");
    const found = await this.#read("getChildren2", real, { ...options, path, kindOf: () => "child" });
    return found?.children ?? [];
  }

  async getAcl(path: string, options?: CallOptions): Promise<{ readonly acl: readonly Acl[]; readonly stat: Stat }> {
    return this.#do("getAcl", { path: this.#path(path, "getAcl") }, options);
  }

  async setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    const body = { path: this.#path(path, "setAcl"), acl, version: options.version ?? -1 };
    return (await this.#do("setAcl", body, options)).stat;
  }

  async sync(path: string = "/", options?: CallOptions): Promise<void> {
    await this.#do("sync", { path: this.#path(path, "sync") }, options);
  }

  transaction(): Transaction {
    return new Transaction({
      createOp: (path, data, options) => this.#createOp(path, data, options),
      path: (path, operation) => this.#path(path, operation),
      bytes: (data, path, operation) => this.#bytes(data, path, operation),
      shown: (path) => this.#shown(path),
      send: async (ops, options) => (await this.#do("multi", { ops }, options)).results,
    });
  }

  async multiRead<const Reads extends readonly MultiReadItem[]>(
    reads: Reads,
    options?: CallOptions,
  ): Promise<MultiReadResults<Reads>> {
    const ops = reads.map((one): MultiReadOp => {
      return "get" in one
        ? { type: "getData", path: this.#path(one.get, "multiRead"), watch: false }
        : { type: "getChildren", path: this.#path(one.children, "multiRead"), watch: false };
    });
    const { results } = await this.#do("multiRead", { ops }, options);
    return results.map((result, index) => {
      if (result.type === "error") return refusalOf("multiRead", result.err, this.#shown(ops[index]?.path ?? ""));
      if (result.type === "getData") return { data: result.data ?? nothing, stat: result.stat };
      return result.type === "getChildren" ? result.children : undefined;
    }) as unknown as MultiReadResults<Reads>;
  }

  async ephemerals(prefix: string = "/", options?: CallOptions): Promise<readonly string[]> {
    const prefixPath = this.#path(prefix, "ephemerals");
    const { ephemerals } = await this.#do("getEphemerals", { prefixPath }, options);
    return ephemerals.map((path) => this.#shown(path));
  }

  async descendantCount(path: string, options?: CallOptions): Promise<number> {
    const body = { path: this.#path(path, "descendantCount") };
    return (await this.#do("getAllChildrenNumber", body, options)).totalNumber;
  }

  async whoAmI(options?: CallOptions): Promise<readonly ClientInfo[]> {
    return (await this.#do("whoAmI", {}, options)).clientInfo;
  }

  addAuth(scheme: string, credential: string): void {
    this.#wire.addAuth({ authType: 0, scheme, auth: encoder.encode(credential) });
  }

  async config(options: WatchOptions = {}): Promise<NodeData> {
    // It lies outside of every chroot.
    return this.#getData(specialPaths.config, specialPaths.config, options);
  }

  async reconfig(change: ReconfigChange, options?: CallOptions): Promise<NodeData> {
    const { joining = null, leaving = null, newMembers = null, fromVersion = -1n } = change;
    const body = { joining, leaving, newMembers, curConfigId: fromVersion };
    const { data, stat } = await this.#do("reconfig", body, options);
    return { data: data ?? nothing, stat };
  }

  unwatch(path: string, callback: WatchCallback): void {
    const real = this.#path(path, "unwatch");
    for (const kind of ["data", "exist", "child"] as const) this.#wire.watches.remove(kind, real, callback);
  }

  watch(path: string, options: PersistentWatchOptions = {}): AsyncGenerator<WatchedChange, void> {
    return watchChanges({ session: this, wire: this.#wire, path }, options);
  }

  async ensurePath(path: string, options: Pick<CreateOptions, "acl" | "signal" | "timeoutMs"> = {}): Promise<void> {
    validatePath(path, "ensurePath");
    // Most often only the last one is missing, or none.
    if ((await this.exists(path, options)) !== undefined) return;
    const names = path.slice(1).split("/");
    for (let count = 1; count <= names.length; count += 1) {
      await this.create(`/${names.slice(0, count).join("/")}`, null, options).catch(ignore("node-exists"));
    }
  }

  async createOrSet(path: string, data: Data, options: CreateOptions = {}): Promise<void> {
    for (;;) {
      const isSet = await this.set(path, data, options).then(() => true, ignore("no-node"));
      if (isSet === true) return;
      const isCreated = await this.create(path, data, options).then(() => true, ignore("node-exists"));
      if (isCreated === true) return;
    }
  }

  async deleteRecursive(path: string, options?: CallOptions): Promise<void> {
    const found = await this.#descendants(path, options);
    // Children before parents.
    const paths = [...found.toReversed(), path];
    for (let start = 0; start < paths.length; start += deletesPerTransaction) {
      const chunk = paths.slice(start, start + deletesPerTransaction);
      let transaction: Transaction<readonly unknown[]> = this.transaction();
      for (const one of chunk) transaction = transaction.delete(one);
      const isDone = await transaction.commit(options).then(() => true, ignore("no-node", "not-empty"));
      if (isDone === true) continue;
      // Somebody else is at work here too: what is gone is fine, what came is deleted as well.
      for (const one of chunk) {
        const isGone = await this.delete(one, options).then(() => true, ignore("no-node", "not-empty"));
        if (isGone !== true && (await this.exists(one, options)) !== undefined)
          await this.deleteRecursive(one, options);
      }
    }
  }

  async connected(options: CallOptions = {}): Promise<void> {
    if (isConnected(this.state)) return;
    // Any call waits for a server; this one costs it least.
    await this.#wire.call({ type: "exists", path: "/", watch: false }, options);
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #descendants(path: string, options?: CallOptions): Promise<string[]> {
    const found: string[] = [];
    const queue = [path];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const children = await this.children(next, options);
      for (const name of children) {
        const child = next === "/" ? `/${name}` : `${next}/${name}`;
        found.push(child);
        queue.push(child);
      }
    }
    return found;
  }

  #createOp(path: string, data: Data, { mode = "persistent", acl = acls.open }: CreateOptions): MultiOp {
    const flags = flagsOf(mode);
    // The name of a sequential node may end with a slash: the number is the whole name then.
    const checked = path.endsWith("/") && path.length > 1 && flags !== 0 ? `${path}0` : path;
    validatePath(checked, "create");
    const body = { path: withChroot(this.#chroot, path), data: this.#bytes(data, path, "create"), acl, flags };
    if (typeof mode !== "string") return { type: "createTtl", ...body, ttlMs: BigInt(mode.ttlMs) };
    return { type: mode === "container" ? "createContainer" : "create2", ...body };
  }

  #path(path: string, operation: string): string {
    validatePath(path, operation);
    return withChroot(this.#chroot, path);
  }

  #shown(path: string): string {
    return withoutChroot(this.#chroot, path) ?? path;
  }

  #bytes(data: Data, path: string, operation: string): Uint8Array | null {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    if (bytes !== null && bytes.length > this.#dataBytesMax) {
      const message = `${operation} ${path}: ${bytes.length} bytes are above the limit of ${this.#dataBytesMax}`;
      throw new CoordError("data-too-large", message, { path, operation });
    }
    return bytes;
  }

  async #do<K extends RequestType>(type: K, body: RequestBodies[K], options?: CallOptions): Promise<ResponseBodies[K]> {
    const request = { type, ...body } as Request;
    const path = "path" in request ? this.#shown(request.path) : undefined;
    const { err, body: answer } = await this.#wire.call(request, { ...options, path });
    if (err !== errorCodes.ok) throw refusalOf(type, err, path);
    return answer as ResponseBodies[K];
  }

  async #getData(real: string, path: string, options: WatchOptions): Promise<NodeData> {
    const found = await this.#read("getData", real, { ...options, path, kindOf: () => "data" });
    if (found === undefined) throw refusalOf("getData", errorCodes.noNode, path);
    return { data: found.data ?? nothing, stat: found.stat };
  }

  /** A read that may leave a watch at the server. Undefined for an error after which there is a watch all the same. */
  async #read<K extends "exists" | "getData" | "getChildren2">(
    type: K,
    real: string,
    { path, watch, kindOf, watches = (err) => err === errorCodes.ok, signal, timeoutMs }: WatchedRead,
  ): Promise<ResponseBodies[K] | undefined> {
    const onAnswer = (err: number): void => {
      if (watch === undefined || !watches(err)) return;
      this.#wire.watches.add(kindOf(err), real, watch);
    };
    const request = { type, path: real, watch: watch !== undefined } as Request;
    const { err, body } = await this.#wire.call(request, { path, signal, timeoutMs, onAnswer });
    if (!watches(err)) throw refusalOf(type, err, path);
    return body as ResponseBodies[K] | undefined;
  }
}

interface WatchedRead extends WatchOptions {
  /** As the caller knows it. */
  readonly path: string;
  readonly kindOf: (err: number) => WatchKind;
  /** The answers after which the server has a watch. */
  readonly watches?: (err: number) => boolean;
}

/** Lets through what is expected, as undefined; everything else is thrown again. */
function ignore(...codes: readonly CoordError["code"][]): (thrown: unknown) => undefined {
  return (thrown) => {
    if (thrown instanceof CoordError && codes.includes(thrown.code)) return undefined;
    throw thrown;
  };
}
