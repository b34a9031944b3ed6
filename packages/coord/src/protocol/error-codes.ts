/** Error codes as ZooKeeper puts them on the wire (`KeeperException.Code`). */
export const errorCodes = {
  ok: 0,
  system: -1,
  runtimeInconsistency: -2,
  dataInconsistency: -3,
  connectionLoss: -4,
  marshalling: -5,
  unimplemented: -6,
  operationTimeout: -7,
  badArguments: -8,
  unknownSession: -12,
  newConfigNoQuorum: -13,
  reconfigInProgress: -14,
  api: -100,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  invalidCallback: -113,
  invalidAcl: -114,
  authFailed: -115,
  sessionMoved: -118,
  notReadOnly: -119,
  ephemeralOnLocalSession: -120,
  noWatcher: -121,
  requestTimeout: -122,
  reconfigDisabled: -123,
  sessionClosedRequireAuth: -124,
  quotaExceeded: -125,
  throttledOp: -127,
} as const;

export type ErrorCodeName = keyof typeof errorCodes;
export type ErrorCode = (typeof errorCodes)[ErrorCodeName];

const namesByCode: ReadonlyMap<number, ErrorCodeName> = new Map(
  Object.entries(errorCodes).map(([name, code]) => [code, name as ErrorCodeName]),
);

/** Name of a code read from the wire; undefined for one that ZooKeeper 3.9 does not have. */
export function errorNameOf(code: number): ErrorCodeName | undefined {
  return namesByCode.get(code);
}

/** Whether a reply with this code says that the server has no such session: it proves nothing of its life. */
export function deniesSession(code: number): boolean {
  return code === errorCodes.sessionExpired || code === errorCodes.sessionMoved;
}
