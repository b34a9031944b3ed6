export { type FinishedOperation, type Model, type Operation, type UnknownOperation } from "./history.ts";
export { checkLinearizability, type Linearizability, type LinearizabilityOptions } from "./linearizability.ts";
export {
  casRegisterModel,
  type CasRegisterInput,
  counterModel,
  type CounterInput,
  keyValueModel,
  type KeyValueInput,
  lockModel,
  type LockInput,
  queueModel,
  type QueueInput,
  registerModel,
  type RegisterInput,
} from "./models.ts";
export { drawHistory, type PictureInput } from "./picture.ts";
export { checkSessionOrder, type SessionReply, type SessionViolation } from "./session-order.ts";
export { type PositionedOperation, replayWitness, type Witness } from "./witness.ts";
