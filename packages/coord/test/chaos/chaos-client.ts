import type { Prng } from "@tutti/stdx";
import type { Request } from "../../src/protocol/requests.ts";
import { RawClient, type RawReply } from "../integration/raw-client.ts";
import type { Operation, WatchRecord } from "./history.ts";

const acl = [{ perms: 31, scheme: "world", id: "anyone" }];
const timeoutMs = 10_000;
/** A server that does not answer for so long is left, as clients do. */
const patienceMs = 3000;

export interface ClientPlace {
  readonly client: number;
  readonly prng: Prng;
  readonly ports: readonly number[];
  /** Counts turns, so that it is known which operation ended before which began. */
  readonly turn: () => number;
  readonly isOver: () => boolean;
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array(0));
}

/** A client that keeps its session from server to server, writes values of its own, and notes what came of it. */
export class ChaosClient {
  readonly operations: Operation[] = [];
  readonly watches: WatchRecord[] = [];
  /** Set on the connection of now, by path. */
  readonly #armed = new Map<string, WatchRecord>();
  sessionsLost = 0;
  readonly #place: ClientPlace;
  #connection: RawClient | undefined;
  #session: { readonly sessionId: bigint; readonly password: Uint8Array | null } | undefined;
  #lastZxid = 0n;
  #writes = 0;

  constructor(place: ClientPlace) {
    this.#place = place;
  }

  async run(): Promise<void> {
    const { prng, isOver, client } = this.#place;
    while (!isOver()) {
      const dice = prng.nextBelow(10);
      const shared = `/s${prng.nextBelow(5)}`;
      this.#writes += 1;
      const value = `${client}.${this.#writes}`;
      if (dice < 3) await this.#do("create", `/c${client}-${this.#writes}`, value);
      else if (dice < 7) await this.#do("set", shared, value);
      else await this.#do("get", shared, undefined, dice === 9);
    }
    this.#connection?.destroy();
  }

  async #do(kind: Operation["kind"], path: string, value: string | undefined, watch = false): Promise<void> {
    const connection = await this.#connected();
    if (connection === undefined) return;
    const { turn, client } = this.#place;
    const began = turn();
    const request = requestOf(kind, path, value);
    const reply = await this.#ask(connection, watch && request.type === "getData" ? { ...request, watch } : request);
    if (reply === undefined) this.#connection = undefined;
    this.#noteWatches(reply, watch ? path : undefined);
    const { zxid = 0n, err = -4 } = reply?.header ?? {};
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    const body = reply?.body;
    const node = body?.type === "getData" || body?.type === "setData" ? body : undefined;
    this.operations.push({
      client,
      began,
      ended: turn(),
      kind,
      path,
      value: body?.type === "getData" ? textOf(body.data) : value,
      outcome: reply === undefined ? "unknown" : err === 0 ? "ok" : "refused",
      zxid,
      mzxid: node?.stat.mzxid,
      version: kind === "set" ? node?.stat.version : undefined,
    });
  }

  /** Events came before the reply. A watch that is set again while it is there stays one. */
  #noteWatches(reply: RawReply | undefined, watched: string | undefined): void {
    const { client } = this.#place;
    for (const { path, zxid } of reply?.events ?? []) {
      const record = this.#armed.get(path);
      this.#armed.delete(path);
      if (record === undefined)
        this.watches.push({ client, path, armedZxid: undefined, seenZxid: zxid, eventZxid: zxid });
      else record.eventZxid = zxid;
    }
    if (reply === undefined) {
      this.#armed.clear();
      return;
    }
    const { zxid, err } = reply.header;
    for (const record of this.#armed.values()) record.seenZxid = zxid;
    if (watched === undefined || err !== 0 || this.#armed.has(watched)) return;
    const record: WatchRecord = { client, path: watched, armedZxid: zxid, seenZxid: zxid, eventZxid: undefined };
    this.#armed.set(watched, record);
    this.watches.push(record);
  }

  async #ask(connection: RawClient, request: Request): Promise<RawReply | undefined> {
    const timer = setTimeout(() => connection.destroy(), patienceMs);
    try {
      return await connection.request(request);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connected(): Promise<RawClient | undefined> {
    const { prng, ports, isOver } = this.#place;
    while (this.#connection === undefined && !isOver()) {
      const connection = new RawClient(ports[prng.nextBelow(ports.length)] as number);
      const timer = setTimeout(() => connection.destroy(), patienceMs);
      const opened = await connection.open({ timeoutMs, lastZxidSeen: this.#lastZxid, ...this.#session });
      clearTimeout(timer);
      if (opened === undefined) {
        connection.destroy();
        await new Promise((resolve) => setTimeout(resolve, 20 + prng.nextBelow(50)));
      } else if (opened.timeoutMs === 0) {
        this.sessionsLost += 1;
        this.#session = undefined;
      } else {
        this.#session = { sessionId: opened.sessionId, password: opened.password };
        this.#connection = connection;
      }
    }
    return this.#connection;
  }
}

function requestOf(kind: Operation["kind"], path: string, value: string | undefined): Request {
  const data = new TextEncoder().encode(value ?? "");
  if (kind === "create") return { type: "create", path, data, acl, flags: 0 };
  if (kind === "set") return { type: "setData", path, data, version: -1 };
  return { type: "getData", path, watch: false };
}
