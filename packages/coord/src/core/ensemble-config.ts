/** A server as `server.N` lines name it. */
export interface ServerSpec {
  readonly id: number;
  readonly host: string;
  /** Where it takes links from the other servers. */
  readonly port: number;
  readonly electionPort: number;
  readonly isObserver: boolean;
  readonly clientHost: string | undefined;
  readonly clientPort: number | undefined;
}

/** By number. */
export type EnsembleConfig = ReadonlyMap<number, ServerSpec>;

/** What a request for another configuration says; null for what it leaves out. */
export interface ConfigChange {
  /** `server.N=…`, with commas between them. */
  readonly joining: string | null;
  /** Numbers, with commas between them. */
  readonly leaving: string | null;
  /** Takes the place of everything; excludes the other two. */
  readonly newMembers: string | null;
}

/** `host:port:port[:participant|observer][;[clientHost:]clientPort]`; the host may be an IPv6 address in brackets. */
const place = /^(\[[^\]]+\]|[^:;]+):(\d+):(\d+)(?::(participant|observer))?(?:;(?:(\[[^\]]+\]|[^:]+):)?(\d+))?$/;

function unbracketed(host: string | undefined): string | undefined {
  return host?.replace(/^\[|\]$/g, "");
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The part of a `server.N` line behind the equals sign; undefined for what is none. */
export function parseServerSpec(id: number, text: string): ServerSpec | undefined {
  const [, host, port, electionPort, type, clientHost, clientPort] = place.exec(text.trim()) ?? [];
  if (host === undefined) return undefined;
  return {
    id,
    host: unbracketed(host) ?? "",
    port: Number(port),
    electionPort: Number(electionPort),
    isObserver: type === "observer",
    clientHost: unbracketed(clientHost),
    clientPort: clientPort === undefined ? undefined : Number(clientPort),
  };
}

function parseServers(text: string, separator: RegExp): ServerSpec[] | undefined {
  const specs: ServerSpec[] = [];
  for (const line of text.split(separator)) {
    const [, id, spec] = /^server\.(\d+)=(.*)$/.exec(line.trim()) ?? [];
    const parsed = id === undefined ? undefined : parseServerSpec(Number(id), spec ?? "");
    if (parsed === undefined) return undefined;
    specs.push(parsed);
  }
  return specs;
}

/** What `/zookeeper/config` holds. Empty for a server that stands alone. */
export function parseConfig(text: string): { readonly servers: EnsembleConfig; readonly version: bigint } {
  const lines = text.split("\n");
  const version = /^version=([0-9a-f]+)$/.exec(lines.at(-1) ?? "")?.[1] ?? "0";
  const servers = parseServers(lines.slice(0, -1).join("\n"), /\n/) ?? [];
  return { servers: new Map(servers.map((spec) => [spec.id, spec])), version: BigInt(`0x${version}`) };
}

function formatServer(spec: ServerSpec): string {
  const { id, host, port, electionPort, isObserver, clientHost = "0.0.0.0", clientPort } = spec;
  const client = clientPort === undefined ? "" : `;${bracketed(clientHost)}:${clientPort}`;
  return `server.${id}=${bracketed(host)}:${port}:${electionPort}:${isObserver ? "observer" : "participant"}${client}`;
}

export function formatConfig(servers: EnsembleConfig, version: bigint): string {
  const lines = [...servers.values()].toSorted((left, right) => left.id - right.id).map(formatServer);
  return [...lines, `version=${version.toString(16)}`].join("\n");
}

function hasTwice(servers: EnsembleConfig): boolean {
  const taken = new Set<string>();
  for (const { host, port, electionPort, clientHost = host, clientPort } of servers.values()) {
    const places = [
      [host, port],
      [host, electionPort],
      [clientHost, clientPort],
    ] as const;
    for (const [name, number = 0] of places) {
      // 0 takes a free one, and a wildcard is another host on each: neither is an address yet.
      if (number === 0 || name === "0.0.0.0" || name === "::") continue;
      const address = `${name}:${number}`;
      if (taken.has(address)) return true;
      taken.add(address);
    }
  }
  return false;
}

/** The configuration after a change; undefined when the change cannot be understood. */
export function changeConfig(servers: EnsembleConfig, change: ConfigChange): EnsembleConfig | undefined {
  const { joining, leaving, newMembers } = change;
  const isWhole = newMembers !== null && newMembers !== "";
  const isPartial = (joining ?? "") !== "" || (leaving ?? "") !== "";
  if (isWhole === isPartial) return undefined;
  const next = new Map(isWhole ? [] : servers);
  for (const id of leaving === null || leaving === "" ? [] : leaving.split(",")) {
    if (!/^\s*\d+\s*$/.test(id)) return undefined;
    next.delete(Number(id));
  }
  const text = isWhole ? newMembers : (joining ?? "");
  const specs = text === "" ? [] : parseServers(text, /[,\n]/);
  if (specs === undefined) return undefined;
  for (const spec of specs) next.set(spec.id, spec);
  return hasTwice(next) ? undefined : next;
}

export function votersOf(servers: EnsembleConfig): readonly number[] {
  return [...servers.values()].filter(({ isObserver }) => !isObserver).map(({ id }) => id);
}

/** The servers as consensus knows them: by number, and whether they vote. */
export function membersOf(servers: EnsembleConfig): {
  readonly voters: readonly number[];
  readonly observers: readonly number[];
} {
  const voters = votersOf(servers);
  return { voters, observers: [...servers.keys()].filter((id) => !voters.includes(id)) };
}
