export { connect } from "./client/connect.ts";
export { type ConnectOptions } from "./client/connect-options.ts";
export { acls } from "./client/acls.ts";
export { type DataCodec, json, text } from "./client/codecs.ts";
export { type CreateMode } from "./client/create-mode.ts";
export {
  type CallOptions,
  type Created,
  type CreateOptions,
  type Data,
  type EventSource,
  type MultiReadItem,
  type MultiReadResults,
  type NodeData,
  type PersistentWatchOptions,
  type ProtectedCreateOptions,
  type ReconfigChange,
  type Session,
  type VersionOptions,
  type WatchedChange,
  type WatchOptions,
} from "./client/session.ts";
export { type SessionEvents, type SessionState } from "./core/client/session-state.ts";
export { type ClientTls } from "./client/socket-channel.ts";
export { type Transaction, type TransactionCreated } from "./client/transaction.ts";
export { type WatchCallback, type WatchEvent, type WatchEventType } from "./core/client/watch-registry.ts";
export { CoordError, type CoordErrorCode, type CoordErrorOptions, type ServerAnswerCode } from "./coord-error.ts";
export { type ByteChannel, type ByteChannelListener, type Dialable } from "./ports/byte-channel.ts";
export { type Acl, type Stat } from "./protocol/records.ts";
export { type ClientInfo } from "./protocol/responses.ts";
