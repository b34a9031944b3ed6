export { CoordError, type CoordErrorCode } from "./coord-error.ts";
