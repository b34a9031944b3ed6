import { CoordError } from "../coord-error.ts";
import { validatePath } from "./client-path.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ConnectTarget {
  readonly hosts: readonly HostPort[];
  /** Put before every path; empty for none. */
  readonly chroot: string;
}

const portDefault = 2181;

function parseHost(text: string): HostPort | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? portDefault : Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/** `host:port,host:port/chroot`; the port may be left out, an IPv6 address stands in brackets. */
export function parseConnectString(text: string): ConnectTarget {
  const slash = text.indexOf("/");
  const list = slash < 0 ? text : text.slice(0, slash);
  const path = slash < 0 ? "" : text.slice(slash);
  const chroot = path === "/" ? "" : path;
  if (chroot !== "") validatePath(chroot, "connect");
  const hosts = list.split(",").map((part) => {
    const parsed = parseHost(part);
    if (parsed === undefined) {
      throw new CoordError("invalid-options", `"${part}" in the connect string "${text}" is not host:port`);
    }
    return parsed;
  });
  return { hosts, chroot };
}
