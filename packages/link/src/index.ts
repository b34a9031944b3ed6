export { dial, keepDialing, type KeepOptions, type LinkAddress } from "./dial.ts";
export { type Admit } from "./handshake.ts";
export { type Identity } from "./hello.ts";
export { type Link, type LinkListener } from "./link.ts";
export { LinkError, type LinkErrorCode } from "./link-error.ts";
export { type LinkOptions, type LinkTls } from "./link-options.ts";
export { listenForLinks, type LinkServer, type ListenOptions } from "./listen.ts";
