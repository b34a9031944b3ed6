/** Request types as ZooKeeper numbers them (`ZooDefs.OpCode`, 3.9). */
export const opcodes = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  closeSession: -11,
} as const;

export type RequestType = keyof typeof opcodes;

const typesByOpcode: ReadonlyMap<number, RequestType> = new Map(
  Object.entries(opcodes).map(([type, opcode]) => [opcode, type as RequestType]),
);

/**
 * The request type of an opcode from the wire. Undefined for what no client may send: unknown numbers,
 * notification (0), createSession (-10, made by the connect handshake alone) and error (-1).
 */
export function requestTypeOf(opcode: number): RequestType | undefined {
  return typesByOpcode.get(opcode);
}

/** xids with a meaning of their own; ordinary requests count from 1. */
export const xids = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;

/** Flags of create requests (`CreateMode`). */
export const createFlags = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  ttl: 5,
  ttlSequential: 6,
} as const;

/** Permission bits of an ACL entry. */
export const permissions = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;

/** Types of watch events that a server sends. */
export const eventTypes = { none: -1, created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 } as const;

/** `WatcherType` of checkWatches and removeWatches. */
export const watcherTypes = { children: 1, data: 2, any: 3, persistent: 4, persistentRecursive: 5 } as const;

/** Modes of addWatch. */
export const addWatchModes = { persistent: 0, persistentRecursive: 1 } as const;

/** Keeper state in notifications: a server always sends this one. */
export const stateSyncConnected = 3;
