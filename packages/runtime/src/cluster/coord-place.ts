import type { ConnectOptions, Session } from "@tutti/coord";
import { RuntimeError } from "../runtime-error.ts";

/** Where a cluster keeps what its processes must agree on, when the connect string names no folder. */
const defaultRoot = "/tutti";

/** How to reach the coordination service: an ensemble of ours or of Apache ZooKeeper. */
export interface CoordOptions {
  /** Servers and the folder of the cluster, as `zk1:2181,zk2:2181/tutti`. Default folder: `/tutti`. */
  readonly coord: string;
  /** How long a process of the cluster may be unreachable before others take its part. Default: 10 000. */
  readonly sessionTimeoutMs?: number;
  /** What else `connect` of `@tutti/coord` takes: credentials, TLS. */
  readonly coordOptions?: Omit<ConnectOptions, "sessionTimeoutMs" | "signal" | "chroot">;
}

/** A session of one process of the cluster, and where things are. */
export interface CoordPlace {
  readonly session: Session;
  /** Masters stand for election here, as Curator's leader latch has it; the node of each holds its address. */
  readonly masters: string;
  /** A node for each worker, as long as its session lives. */
  readonly workers: string;
  /** The log of the masters. */
  readonly log: string;
  /** What jobs that outlive their drivers leave with the masters. */
  readonly blobs: string;
}

/** Opens a session and makes the folders. */
export async function openCoord(options: CoordOptions, signal: AbortSignal): Promise<CoordPlace> {
  const { hosts, root } = splitConnectString(options.coord);
  // Loaded here: whoever has no coordination service need not have the package.
  const { connect } = await import("@tutti/coord");
  const { sessionTimeoutMs = 10_000, coordOptions } = options;
  const session = await connect(hosts, { ...coordOptions, sessionTimeoutMs, signal });
  try {
    const folders = {
      masters: `${root}/masters`,
      workers: `${root}/workers`,
      log: `${root}/log`,
      blobs: `${root}/blobs`,
    };
    const place = { session, ...folders };
    for (const path of Object.values(folders)) await session.ensurePath(path, { signal });
    return place;
  } catch (thrown) {
    await session.close();
    throw thrown;
  }
}

/** The name of a worker, from the name of its node. */
export function workerNameOf(node: string): string {
  return `w${Number(node.slice(-10))}`;
}

const finalStates: ReadonlySet<Session["state"]> = new Set(["expired", "refused", "closed"]);

/** Aborts when the session is over, and its ephemeral nodes with it. */
export function endOf({ session }: CoordPlace): AbortSignal {
  const controller = new AbortController();
  const check = (): void => {
    if (!finalStates.has(session.state)) return;
    session.events.off("state", check);
    const what = `the session with the coordination service is ${session.state}`;
    controller.abort(new RuntimeError("worker-lost", what));
  };
  session.events.on("state", check);
  check();
  return controller.signal;
}

function splitConnectString(coord: string): { hosts: string; root: string } {
  const slash = coord.indexOf("/");
  const hosts = slash < 0 ? coord : coord.slice(0, slash);
  const root = slash < 0 ? defaultRoot : coord.slice(slash).replace(/\/+$/, "");
  if (hosts === "") {
    throw new RuntimeError("invalid-argument", `${JSON.stringify(coord)} names no server; expected host:port/folder`);
  }
  return { hosts, root: root === "" ? defaultRoot : root };
}
