export { startServer, type CoordServer, type ServerAddress } from "./start-server.ts";
export type { ServerOptions } from "./server-options.ts";
export type { FourLetterWord } from "../protocol/four-letter-words.ts";
export { CoordError, type CoordErrorCode } from "../coord-error.ts";
