import type { Prng } from "@tutti/stdx";
import type { MultiOp } from "../../src/protocol/multi-request.ts";
import { addWatchModes, createFlags, watcherTypes } from "../../src/protocol/opcodes.ts";
import type { Request } from "../../src/protocol/requests.ts";

const acl = [{ perms: 31, scheme: "world", id: "anyone" }];
const parents = ["/a", "/b", "/a/c"];
const names = ["m", "n", "o"];

function oneOf<Item>(chance: Prng, items: readonly Item[]): Item {
  return items[chance.nextBelow(items.length)] as Item;
}

function anyPath(chance: Prng): string {
  const parent = oneOf(chance, parents);
  return chance.nextUnit() < 0.25 ? parent : `${parent}/${oneOf(chance, names)}`;
}

function anyVersion(chance: Prng): number {
  return chance.nextUnit() < 0.6 ? -1 : chance.nextBelow(3);
}

function anyData(chance: Prng): Uint8Array {
  return Uint8Array.from({ length: chance.nextBelow(20) }, () => chance.nextBelow(256));
}

function anyCreate(chance: Prng): Extract<MultiOp, { type: "create" | "create2" }> {
  const type = chance.nextUnit() < 0.5 ? "create" : "create2";
  const data = anyData(chance);
  const draw = chance.nextUnit();
  if (draw < 0.3) {
    const flags = chance.nextUnit() < 0.5 ? createFlags.ephemeralSequential : createFlags.persistentSequential;
    return { type, path: `${oneOf(chance, parents)}/s`, data, acl, flags };
  }
  return { type, path: anyPath(chance), data, acl, flags: draw < 0.6 ? createFlags.ephemeral : createFlags.persistent };
}

function anyWriteOp(chance: Prng): MultiOp {
  const draw = chance.nextUnit();
  if (draw < 0.4) return anyCreate(chance);
  if (draw < 0.65)
    return { type: "setData", path: anyPath(chance), data: anyData(chance), version: anyVersion(chance) };
  if (draw < 0.85) return { type: "delete", path: anyPath(chance), version: anyVersion(chance) };
  return { type: "check", path: anyPath(chance), version: anyVersion(chance) };
}

function anyRead(chance: Prng): Request {
  const path = anyPath(chance);
  const watch = chance.nextUnit() < 0.5;
  const draw = chance.nextUnit();
  if (draw < 0.25) return { type: "getData", path, watch };
  if (draw < 0.5) return { type: "exists", path, watch };
  if (draw < 0.65) return { type: "getChildren", path, watch };
  if (draw < 0.8) return { type: "getChildren2", path, watch };
  if (draw < 0.85) return { type: "getEphemerals", prefixPath: oneOf(chance, ["/a", "/b"]) };
  if (draw < 0.9) return { type: "getAllChildrenNumber", path };
  const ops = Array.from({ length: 1 + chance.nextBelow(3) }, () => {
    return { type: oneOf(chance, ["getData", "getChildren"] as const), path: anyPath(chance), watch: false };
  });
  return { type: "multiRead", ops };
}

function anyWatch(chance: Prng): Request {
  const path = anyPath(chance);
  if (chance.nextUnit() < 0.7) {
    const mode = oneOf(chance, [addWatchModes.persistent, addWatchModes.persistentRecursive]);
    return { type: "addWatch", path, mode };
  }
  const types = [watcherTypes.any, watcherTypes.data, watcherTypes.children, watcherTypes.persistent, 5];
  return { type: "removeWatches", path, watcherType: oneOf(chance, types) };
}

/** What a client asks next: on few nodes, so that clients meet. */
export function anyRequest(chance: Prng): Request {
  const draw = chance.nextUnit();
  if (draw < 0.35) return anyRead(chance);
  if (draw < 0.42) return anyWatch(chance);
  if (draw < 0.47) return { type: "sync", path: "/a" };
  if (draw < 0.62)
    return { type: "multi", ops: Array.from({ length: 1 + chance.nextBelow(4) }, () => anyWriteOp(chance)) };
  if (draw < 0.66) return { type: "createContainer", path: `${oneOf(chance, parents)}/k`, data: null, acl, flags: 4 };
  if (draw < 0.72) return { type: "create", path: oneOf(chance, parents), data: null, acl, flags: 0 };
  if (draw < 0.74) {
    const path = `${oneOf(chance, parents)}/k/${oneOf(chance, names)}`;
    return { type: "create", path, data: null, acl, flags: oneOf(chance, [0, 1]) };
  }
  const op = anyWriteOp(chance);
  return op.type === "check" ? anyRead(chance) : (op as Request);
}
