import type { Prng } from "@tutti/stdx";
import type { MultiOp } from "../../src/protocol/multi-request.ts";
import type { Acl } from "../../src/protocol/records.ts";
import type { Request } from "../../src/protocol/requests.ts";

const names = ["a", "b", "c"];
/** Where an ephemeral node stands most of the time. */
const ephemeralPath = "/ephemeral";
const openAcl: readonly Acl[] = [{ perms: 31, scheme: "world", id: "anyone" }];
const acls: readonly (readonly Acl[])[] = [
  openAcl,
  openAcl,
  openAcl,
  openAcl,
  openAcl,
  [{ perms: 1, scheme: "world", id: "anyone" }],
  [{ perms: 31, scheme: "auth", id: "" }],
  [
    { perms: 15, scheme: "world", id: "anyone" },
    { perms: 31, scheme: "digest", id: "u:pjgC7CB3XHCpkGRMnqXYpIqtFDU=" },
  ],
  [{ perms: 31, scheme: "ip", id: "127.0.0.1" }],
  [{ perms: 31, scheme: "ip", id: "10.0.0.0/8" }],
  [],
  [{ perms: 31, scheme: "world", id: "nobody" }],
  [{ perms: 31, scheme: "digest", id: "a:b:c" }],
  [{ perms: 31, scheme: "nonsense", id: "x" }],
];

/**
 * Which Apache is asked. 3.8 differs where 3.9 and we do not, and is not asked that: it takes a zxid for half a write, answers any
 * create in a multi as a plain one, and loses track of watches once there are persistent ones (ZOOKEEPER-4466). `exists` asks for no
 * permission there (ZOOKEEPER-2590), and so it is asked without a watch, and may be refused by us alone.
 */
export type Oracle = "3.9" | "3.8";

/** Requests at random, of which many fail, in every way that is documented. */
export class Generator {
  readonly #prng: Prng;
  readonly #oracle: Oracle;

  constructor(prng: Prng, oracle: Oracle) {
    this.#prng = prng;
    this.#oracle = oracle;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#prng.nextBelow(values.length)] as T;
  }

  below(bound: number): number {
    return this.#prng.nextBelow(bound);
  }

  chance(percent: number): boolean {
    return this.#prng.nextBelow(100) < percent;
  }

  /** No astral characters: Java echoes each as two three-byte halves, we as four bytes. */
  path(): string {
    if (this.chance(3)) return this.pick(["/", "", "a", "/a/", "//a", "/a/./b", "/a\0b", "/zookeeper", "/x\ud7ff"]);
    let path = "";
    for (let depth = 1 + this.#prng.nextBelow(3); depth > 0; depth -= 1) path += `/${this.pick(names)}`;
    return path;
  }

  version(): number {
    return this.pick([-1, -1, -1, -1, 0, 1, 2, 7]);
  }

  data(): Uint8Array | null {
    return this.pick([null, new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1, 2, 3)]);
  }

  create(insideMulti: boolean): Extract<MultiOp, { type: "create" | "create2" | "createContainer" | "createTtl" }> {
    const type = this.pick(["create", "create", "create2", "createContainer", "createTtl"] as const);
    const common = { path: this.path(), data: this.data(), acl: this.pick(acls) };
    if (type === "createTtl") {
      const flags = this.pick([5, 5, 5, 6, 0]);
      // A negative TTL without a TTL flag passes all checks of ZooKeeper 3.9.4 and then stops the whole server.
      const ttlMs = this.pick(flags === 0 ? [100_000n, 0n] : [100_000n, 0n, -5n, 1n << 41n]);
      return { type, ...common, flags, ttlMs };
    }
    if (type === "createContainer") return { type, ...common, flags: this.pick([4, 4, 4, 4, 0, 1]) };
    return {
      type,
      ...common,
      flags: this.pick(
        insideMulti ? [0, 0, 0, 0, 1, 1, 2, 3, 4, 4, 5, this.chance(10) ? 9 : 0] : [0, 0, 0, 0, 1, 1, 2, 3, 4, 9],
      ),
    };
  }

  multiOp(): MultiOp {
    const path = this.path();
    const version = this.version();
    switch (this.#prng.nextBelow(5)) {
      case 0:
      case 1:
        return this.create(true);
      case 2:
        return { type: "delete", path, version };
      case 3:
        return { type: "setData", path, data: this.data(), version };
      default:
        return { type: "check", path, version };
    }
  }

  request(): Request {
    for (;;) {
      const request = this.#any();
      if (this.#oracle === "3.9" || !isOtherIn38(request)) return request;
    }
  }

  #any(): Request {
    const path = this.path();
    const version = this.version();
    const watch = this.chance(50);
    switch (this.#prng.nextBelow(25)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return this.create(false);
      case 5:
      case 6:
        return { type: "delete", path, version };
      case 7:
      case 8:
        return { type: "setData", path, data: this.data(), version };
      case 9:
        return { type: "exists", path, watch };
      case 10:
      case 11:
        return { type: "getData", path, watch };
      case 12:
        return { type: "getChildren", path, watch };
      case 13:
        return { type: "getChildren2", path, watch };
      case 14:
        return { type: "getAcl", path };
      case 15:
        return { type: "setAcl", path, acl: this.pick(acls), version };
      case 16:
      case 17:
        return { type: "multi", ops: Array.from({ length: this.#prng.nextBelow(4) }, () => this.multiOp()) };
      case 18:
        return {
          type: "multiRead",
          ops: Array.from({ length: this.#prng.nextBelow(4) }, () => ({
            type: this.pick(["getData", "getChildren"] as const),
            path: this.path(),
            watch: false,
          })),
        };
      case 19:
        return this.pick<Request>([
          { type: "getAllChildrenNumber", path },
          { type: "getEphemerals", prefixPath: path },
          { type: "sync", path },
        ]);
      case 20:
        return this.pick<Request>([{ type: "whoAmI" }, { type: "ping" }]);
      case 21:
        return {
          type: this.pick(["checkWatches", "removeWatches"] as const),
          path,
          watcherType: this.pick([1, 2, 3, 4, 5, 9]),
        };
      case 22:
        return this.pick<Request>([
          {
            type: "setWatches2",
            relativeZxid: this.pick([0n, 1n << 40n]),
            data: [this.path()],
            exist: [this.path()],
            child: [this.path()],
            persistent: [this.path()],
            persistentRecursive: [],
          },
          { type: "addWatch", path, mode: this.pick([0, 1, 1, 5]) },
          {
            type: "setWatches",
            relativeZxid: this.pick([0n, 1n << 40n]),
            data: [this.path()],
            exist: [this.path()],
            child: [this.path()],
          },
        ]);
      case 23:
        return this.chance(40) ? this.rare() : this.pick<Request>([{ type: "whoAmI" }, { type: "sync", path: "/" }]);
      default:
        return this.chance(10)
          ? { type: "auth", authType: 0, scheme: "digest", auth: new TextEncoder().encode(this.pick(["u:p", "v:q"])) }
          : { type: "getData", path, watch };
    }
  }

  /** What seldom happens by itself. No `deleteContainer`: Apache 3.9 deletes for anybody, whatever the ACL; we refuse it. */
  rare(): Request {
    const below = { path: `${ephemeralPath}/x`, data: null, acl: openAcl };
    return this.pick<Request>([
      { type: "create", path: ephemeralPath, data: null, acl: openAcl, flags: 1 },
      { type: "create", ...below, flags: 0 },
      { type: "create2", ...below, flags: 2 },
      { type: "createContainer", ...below, flags: 4 },
      { type: "createTtl", ...below, flags: 5, ttlMs: 100_000n },
      { type: "createTtl", ...below, path: "/missing/x", flags: 5, ttlMs: 100_000n },
      { type: "exists", path: this.pick(["", "a", "//a", "/a/"]), watch: false },
      { type: "auth", authType: 0, scheme: this.pick(["nonsense", "digest"]), auth: null },
      { type: "reconfig", joining: null, leaving: "9", newMembers: null, curConfigId: -1n },
      { type: "getAllChildrenNumber", path: this.pick(["/", "", "a"]) },
    ]);
  }
}

/** Flags above it ask for a TTL. */
const plainFlagMax = 4;

function isOtherIn38(request: Request): boolean {
  const { type } = request;
  if (type === "multi") {
    return request.ops.some((op) => op.type.startsWith("create") && (op.type !== "create" || op.flags > plainFlagMax));
  }
  if (type === "exists") return request.watch;
  if (type === "setWatches2") return request.persistent.length > 0;
  return type === "addWatch" || type === "checkWatches" || type === "removeWatches";
}
