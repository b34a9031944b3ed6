export { startEnsemble, type Ensemble, type EnsembleOptions, type EnsembleServer } from "./start-ensemble.ts";
export { startMember, type MemberOptions, type MemberServer } from "./start-member.ts";
export { startServer } from "./start-server.ts";
export { type CoordServer } from "./start-node.ts";
export { type ServerMode } from "./server-mode.ts";
export { type ServerAddress } from "./client-port.ts";
export type { ServerOptions } from "./server-options.ts";
export type { FourLetterWord } from "../protocol/four-letter-words.ts";
export { CoordError, type CoordErrorCode } from "../coord-error.ts";
