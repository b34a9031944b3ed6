import { listenForLinks, type Link } from "@tutti/link";
import type { Lease } from "@tutti/coord/recipes";
import { setTimeout as delay } from "node:timers/promises";
import { checkBind, defaultListen, linkOptions, type ClusterAddress, type ClusterSecurity } from "./cluster-link.ts";
import { makeBlobDirectory, openBlobStore } from "./blob-store.ts";
import { endOf, openCoord, workerNameOf, type CoordOptions, type CoordPlace } from "./coord-place.ts";
import { openEventLog, type EventLog } from "./event-log.ts";
import { formatAddress } from "./leader-watch.ts";
import { openMasterLog } from "./master-log.ts";
import { openMasterTerm, type MasterTerm } from "./master-term.ts";
import { speculationOf, type SpeculationSettings } from "./speculation.ts";
import { startWebServer, type WebServer, type WebSource } from "./web/web-server.ts";
import { problemWithNode } from "./node-version.ts";

/** Before a master whose session is over stands again. */
const restartAfterMs = 200;

const defaultResultBytesMax = 64 * 1024 * 1024;

/** Where a master listens, which coordination service elects it, and what it tells of. */
export interface MasterOptions extends ClusterSecurity, CoordOptions {
  /** Where workers and drivers reach this master. Default: 127.0.0.1, any free port. Other addresses need a secret. */
  readonly listen?: ClusterAddress;
  /** Where others reach it, if that is not where it listens: behind a translation of addresses, in a container. */
  readonly advertise?: ClusterAddress;
  /** How long tasks wait where there is no worker at all. Default: 30 000. */
  readonly workerWaitMs?: number;
  /** How long a worker whose link broke may take to come back before its tasks are given to others. Default: 1 000. */
  readonly workerGraceMs?: number;
  /** How long a driver whose link broke may take to come back before its jobs are canceled. Default: 10 000. */
  readonly driverLeaseMs?: number;
  /** When a slow task gets a second attempt on another worker; `false`: never. Tasks with effects ({@link Stage.hasEffects}) never do. */
  readonly speculation?: SpeculationSettings | false;
  /**
   * A directory that all masters share, for what is too large for the coordination service (over 256 KiB) of jobs that outlive
   * their drivers: the jobs, and their results. What lies there is run by workers: nobody else may write it. Default: none, and
   * what is larger is refused.
   */
  readonly blobDirectory?: string;
  /** How many bytes the result of such a job may have. Default: 64 MiB. */
  readonly resultBytesMax?: number;
  /** How long such a result is kept. Default: 86 400 000, a day. */
  readonly resultRetentionMs?: number;
  /** How many are kept; the oldest go first. Default: 100. */
  readonly resultsMax?: number;
  /** A file that every event is appended to, a line of JSON each. */
  readonly eventLog?: string;
  /** Where the page is served that shows the cluster, to this machine alone. Default: nowhere. */
  readonly web?: ClusterAddress;
  /** Told in a line what happens, for people. */
  readonly onEvent?: (line: string) => void;
}

/** A process that leads the cluster, or stands by to. */
export interface ClusterMaster extends AsyncDisposable {
  readonly address: ClusterAddress;
  /** Where the page is. undefined where none was asked for. */
  readonly webAddress: ClusterAddress | undefined;
  /** Whether it leads now. */
  readonly isLeading: boolean;
  /** Gives the leadership back and stops. Workers and drivers go on with the next master. Calling it twice is harmless. */
  close(): Promise<void>;
}

/**
 * Starts a master: it stands for election in the coordination service, waits as a standby while another leads, and runs the
 * jobs of all drivers while it leads itself. What was decided is in its log there, so that a standby goes on where it ended:
 * tasks that run go on running, and what was done is not done again.
 *
 * ```ts no-run
 * import { startMaster } from "@tutti/runtime/cluster";
 *
 * const master = await startMaster({ coord: "zk1:2181,zk2:2181/tutti", listen: { host: "127.0.0.1", port: 7077 } });
 * process.once("SIGTERM", () => void master.close());
 * ```
 */
export async function startMaster(options: MasterOptions): Promise<ClusterMaster> {
  const { listen = defaultListen, onEvent = () => undefined } = options;
  checkBind(listen.host, options);
  speculationOf(options.speculation);
  if (options.blobDirectory !== undefined) makeBlobDirectory(options.blobDirectory);
  const eventLog = openEventLog(options.eventLog);
  let term: MasterTerm | undefined;
  const server = await listenForLinks(listen, {
    ...linkOptions("master", {}, options),
    admit: (peer) => {
      if (term === undefined) return "this master does not lead; the election names the one that does";
      return peer.about?.["role"] === "tool" ? undefined : problemWithNode(peer.about ?? {});
    },
    onLink: (link: Link) => (term === undefined ? link.destroy() : term.accept(link)),
  });
  const web = await openWeb(options, { ...eventLog, report: () => term?.report() });
  const closing = new AbortController();
  const parts = {
    options,
    eventLog,
    address: options.advertise ?? server.address,
    setTerm: (one: MasterTerm | undefined) => (term = one),
  };
  const standing = (async () => {
    while (!closing.signal.aborted) {
      await standForElection(parts, closing.signal).catch((thrown: unknown) => {
        if (!closing.signal.aborted) onEvent(`the coordination service cannot be reached: ${String(thrown)}`);
      });
      await delay(restartAfterMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();
  const close = async (): Promise<void> => {
    closing.abort();
    await standing;
    await server.close();
    await web?.close();
    eventLog.close();
  };
  return {
    address: server.address,
    webAddress: web?.address,
    get isLeading() {
      return term !== undefined;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openWeb({ web, onEvent }: MasterOptions, source: WebSource): Promise<WebServer | undefined> {
  if (web === undefined) return undefined;
  const server = await startWebServer(web, source);
  onEvent?.(`shows the cluster at http://${server.address.host}:${server.address.port}`);
  return server;
}

interface StandingParts {
  readonly options: MasterOptions;
  readonly eventLog: EventLog;
  readonly address: ClusterAddress;
  readonly setTerm: (term: MasterTerm | undefined) => void;
}

/** One session with the coordination service: stands, leads when it is its turn, and stands again. */
async function standForElection(parts: StandingParts, closing: AbortSignal): Promise<void> {
  const { options, address } = parts;
  const place = await openCoord(options, closing);
  try {
    const { createElection } = await import("@tutti/coord/recipes");
    const election = createElection(place.session, place.masters, { id: formatAddress(address) });
    const until = AbortSignal.any([closing, endOf(place)]);
    parts.options.onEvent?.("stands for election");
    await election.run((lease) => lead(parts, place, lease, until), { signal: until });
  } finally {
    await place.session.close();
  }
}

/** Leads until the leadership is lost or given back. */
async function lead(
  { options, eventLog, address, setTerm }: StandingParts,
  place: CoordPlace,
  lease: Lease,
  until: AbortSignal,
): Promise<void> {
  const { workerWaitMs = 30_000, workerGraceMs = 1_000, driverLeaseMs = 10_000, onEvent } = options;
  const { resultBytesMax = defaultResultBytesMax, resultRetentionMs = 86_400_000, resultsMax = 100 } = options;
  const name = `${address.host}:${address.port}`;
  const { session, workers } = place;
  eventLog.reload();
  const log = await openMasterLog(session, place.log, lease);
  const over = AbortSignal.any([until, lease.signal, log.refused]);
  await log.append({ kind: "term", master: name });
  const members = (await session.children(workers)).map(workerNameOf);
  const tell = (event: string, told: Readonly<Record<string, unknown>>): void =>
    eventLog.write(event, { master: name, ...told });
  const { termCount } = log.state;
  const term = openMasterTerm({
    workerWaitMs,
    workerGraceMs,
    driverLeaseMs,
    speculation: speculationOf(options.speculation),
    detached: { resultBytesMax, retentionMs: resultRetentionMs, resultsMax },
    log,
    blobs: openBlobStore({ session, path: place.blobs, lease, directory: options.blobDirectory }),
    address: name,
    members,
    signal: over,
    onEvent: tell,
  });
  setTerm(term);
  tell("elected", { term: termCount, epoch: String(lease.fencingToken), workers: members.length });
  onEvent?.(`leads, term ${termCount}`);
  try {
    await watchMembers(place, new Set(members), term, over);
  } finally {
    setTerm(undefined);
    await term.close();
    tell("deposed", { term: termCount });
    onEvent?.("leads no more");
  }
}

/** Follows the workers' nodes until `over`: one that goes takes its worker along. */
async function watchMembers(
  { session, workers }: CoordPlace,
  members: Set<string>,
  term: MasterTerm,
  over: AbortSignal,
): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (over.aborted) return resolve();
    over.addEventListener("abort", () => resolve(), { once: true });
  });
  const follow = async (): Promise<void> => {
    for await (const _ of session.watch(workers, { initial: true, recursive: true, signal: over })) {
      const present = new Set((await session.children(workers, { signal: over })).map(workerNameOf));
      for (const worker of members) if (!present.has(worker)) term.loseWorker(worker);
      members.clear();
      for (const worker of present) members.add(worker);
    }
  };
  // While the service is away nothing is known, and links tell by themselves who is there.
  void follow().catch(() => undefined);
  await ended;
}
