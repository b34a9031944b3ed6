import { errorCodes } from "../../src/protocol/error-codes.ts";
import type { RequestType } from "../../src/protocol/opcodes.ts";

const { noNode, noAuth, badVersion, notEmpty, nodeExists, badArguments, invalidAcl, noWatcher } = errorCodes;
const { noChildrenForEphemerals, marshalling } = errorCodes;
const ofCreate = [noNode, noAuth, nodeExists, badArguments, invalidAcl, noChildrenForEphemerals, marshalling];
const ofRead = [noNode, noAuth, marshalling];

/** What a single request of each type may be answered with, by Apache's guide and code, where no session ends meanwhile. */
const errorsByType: Partial<Record<RequestType, readonly number[]>> = {
  create: ofCreate,
  create2: ofCreate,
  createContainer: ofCreate,
  createTtl: ofCreate,
  delete: [noNode, noAuth, badVersion, notEmpty, badArguments, marshalling],
  setData: [noNode, noAuth, badVersion, badArguments, marshalling],
  setAcl: [noNode, noAuth, badVersion, invalidAcl, badArguments, marshalling],
  exists: [noNode, marshalling],
  getData: ofRead,
  getChildren: ofRead,
  getChildren2: ofRead,
  getAcl: ofRead,
  getAllChildrenNumber: ofRead,
  getEphemerals: [marshalling],
  sync: [marshalling],
  multi: [marshalling],
  multiRead: [marshalling],
  removeWatches: [noWatcher, marshalling],
  checkWatches: [noWatcher, marshalling],
  setWatches: [marshalling],
  setWatches2: [marshalling],
};
/** Of the operation that fails in a multi. */
const errorsInMulti: readonly number[] = [noNode, noAuth, badVersion, notEmpty, nodeExists, badArguments, invalidAcl];

/** As the comparison names them. */
export function documentedOutcomes(): readonly string[] {
  const single = Object.entries(errorsByType).flatMap(([type, errors]) =>
    [0, ...errors].map((error) => `${type} ${error}`),
  );
  return [...single, ...errorsInMulti.map((error) => `multi with ${error}`)];
}
