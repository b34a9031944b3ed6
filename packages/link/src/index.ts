export { dial, keepDialing, type KeepOptions } from "./dial.ts";
export { type Admit } from "./handshake.ts";
export { type Identity } from "./hello.ts";
export { type Link, type LinkListener } from "./link.ts";
export { LinkError, type LinkErrorCode } from "./link-error.ts";
export { type DoorOptions, type LinkAddress, type LinkDoor, type LinkHost, type LinkSocket } from "./link-host.ts";
export { type LinkOptions, type LinkTls } from "./link-options.ts";
export { listenForLinks, type LinkServer, type ListenOptions } from "./listen.ts";
