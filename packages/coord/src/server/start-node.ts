import type { Replica } from "@tutti/consensus";
import { assert } from "@tutti/stdx";
import { EventEmitter } from "eventemitter3";
import type { EventSource } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import type { ByteChannel, Dialable } from "../ports/byte-channel.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { answerWord } from "./answer-word.ts";
import type { ServerAddress } from "./client-port.ts";
import { type Logger, logEvents } from "./logger.ts";
import {
  coordErrorOf,
  type Membership,
  monotonicMs,
  openReplicatedPipeline,
  openSoloPipeline,
  type PipelineHooks,
} from "./open-pipeline.ts";
import { createEmbeddedChannel } from "./embedded-channel.ts";
import { type CoordServerEvents, createTell } from "./server-events.ts";
import { modeOf, type ServerMode } from "./server-mode.ts";
import { openPorts, type ServerPorts } from "./open-ports.ts";
import type { ResolvedOptions } from "./server-options.ts";
import type { ServerPlace } from "./server-place.ts";
import type { ServerCertificates } from "./server-tls.ts";

/** A running server. */
export interface CoordServer extends AsyncDisposable, Dialable {
  readonly address: ServerAddress;
  /** `host:port`, as clients take it. */
  readonly connectString: string;
  readonly mode: ServerMode;
  /** What happens here, in fields. */
  readonly events: EventSource<CoordServerEvents>;
  /** Where `/commands` is. */
  readonly adminAddress: ServerAddress | undefined;
  /** Where `/metrics` is. */
  readonly metricsAddress: ServerAddress | undefined;
  /** Where it speaks TLS. */
  readonly secureAddress: ServerAddress | undefined;
  /**
   * Other certificates for TLS, from the next connection on. Throws `invalid-options` and goes on as before if they
   * cannot be used, or if the server has no TLS.
   */
  reloadTls(certificates: ServerCertificates): void;
  /** Settles when it has a leader for the first time, or has stopped: from then on clients are served. */
  readonly serving: Promise<void>;
  /** Settles when the server has stopped: with the error that stopped it, or undefined after `close`. */
  readonly stopped: Promise<CoordError | undefined>;
  /** A connection from inside this process, without a socket: what `connect(server)` uses. */
  dial(): ByteChannel;
  /** Closes all connections and gives up the port; what is on disk stays. May be called twice. */
  close(): Promise<void>;
}

/** ZooKeeper's limit of removals in one round of the reaper. */
const reapCountMax = 10_000;

/** What a server does by time. Returns how to stop it. */
function keepTime(pipeline: Pipeline, options: ResolvedOptions): () => void {
  const { tickTimeMs, reapIntervalMs, sessionTimeoutMsMin } = options;
  const timers = [
    setInterval(() => pipeline.tick(), tickTimeMs),
    setInterval(() => pipeline.reap(reapCountMax), reapIntervalMs),
    // Often enough that the leader hears of the shortest session in time, though one message is lost.
    setInterval(() => pipeline.tellHeard(), Math.max(1, sessionTimeoutMsMin / 8)),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/**
 * While there is no leader, nobody counts the silence of sessions here, and another part of the ensemble may end them.
 * A client that is kept longer than a third of the shortest timeout could believe in its session for longer than it
 * lives; a leader that is found sooner is one that clients never notice.
 */
function closeWithoutLeader(
  pipeline: Pipeline,
  replica: Replica,
  { sessionTimeoutMsMin, readOnlyMode }: ResolvedOptions,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    pipeline.closeAll();
    if (readOnlyMode) pipeline.serveReadOnly();
  };
  const onLeader = ({ leader }: { readonly leader: number | undefined }): void => {
    clearTimeout(timer);
    if (leader === undefined) timer = setTimeout(giveUp, sessionTimeoutMsMin / 3);
  };
  replica.events.on("leader", onLeader);
  onLeader(replica.status());
  return () => clearTimeout(timer);
}

/** Starts one server: alone in memory, or as a member. */
export async function startNode(options: ResolvedOptions, membership: Membership | undefined): Promise<CoordServer> {
  const startedMs = monotonicMs();
  const events = new EventEmitter<CoordServerEvents>();
  const { logger } = options;
  if (logger !== undefined) logEvents(events, logger);
  const opened: { ports?: ServerPorts } = {};
  const place = (): ServerPlace => ({
    pipeline,
    replica,
    options,
    port: opened.ports?.plain?.address.port ?? -1,
    securePort: opened.ports?.secure?.address.port ?? -1,
    startedMs,
  });
  const hooks: PipelineHooks = {
    answerWord: (word) => answerWord(word, place()),
    tell: createTell(events),
  };
  const { pipeline, replica } =
    membership === undefined
      ? openSoloPipeline(options, hooks)
      : await openReplicatedPipeline(options, membership, hooks);
  try {
    const ports = await openPorts(pipeline, options, place);
    opened.ports = ports;
    const stops = [keepTime(pipeline, options)];
    if (replica !== undefined) {
      stops.push(closeWithoutLeader(pipeline, replica, options));
      tellMode(pipeline, replica, events);
    }
    logger?.info(`serving clients on ${shown((ports.plain ?? ports.secure)?.address)}`);
    return createServer({ pipeline, replica, ports, events, logger, stop: () => stops.forEach((stop) => stop()) });
  } catch (thrown) {
    await replica?.close();
    throw thrown;
  }
}

function tellMode(pipeline: Pipeline, replica: Replica, events: EventEmitter<CoordServerEvents>): void {
  let last: ServerMode | undefined;
  const look = (): void => {
    const mode = modeOf(replica, pipeline);
    if (mode === last) return;
    last = mode;
    queueMicrotask(() => events.emit("mode", { mode }));
  };
  replica.events.on("leader", look);
  look();
}

function firstLeader(replica: Replica | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (replica === undefined || replica.status().leader !== undefined) resolve();
    else replica.events.once("leader", () => resolve());
  });
}

interface ServerParts {
  readonly pipeline: Pipeline;
  readonly replica: Replica | undefined;
  readonly ports: ServerPorts;
  readonly events: EventEmitter<CoordServerEvents>;
  readonly logger: Logger | undefined;
  readonly stop: () => void;
}

function shown(address: ServerAddress | undefined): string {
  const { host = "", port = 0 } = address ?? {};
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function createServer({ pipeline, replica, ports, events, logger, stop }: ServerParts): CoordServer {
  const { secure } = ports;
  const address = (ports.plain ?? secure)?.address;
  assert(address !== undefined, "a server has a port");
  let tellStopped: (error: CoordError | undefined) => void = () => undefined;
  const stopped = new Promise<CoordError | undefined>((resolve) => {
    tellStopped = resolve;
  });
  let closing: Promise<void> | undefined;
  const end = async (error: CoordError | undefined): Promise<void> => {
    stop();
    pipeline.closeAll();
    await ports.close();
    await replica?.close();
    if (error === undefined) logger?.info("stopped");
    else logger?.error(error.message);
    tellStopped(error);
  };
  const close = (): Promise<void> => (closing ??= end(undefined));
  void replica?.stopped.then((error) => (closing ??= end(error === undefined ? undefined : coordErrorOf(error))));
  return {
    address,
    secureAddress: secure?.address,
    reloadTls: (certificates) => {
      if (secure === undefined) throw new CoordError("invalid-options", "the server was started without tls");
      secure.reload(certificates);
    },
    adminAddress: ports.admin?.address,
    metricsAddress: ports.metrics?.address,
    events,
    connectString: shown(address),
    get mode() {
      return modeOf(replica, pipeline);
    },
    serving: Promise.race([firstLeader(replica), stopped.then(() => undefined)]),
    stopped,
    dial: () => createEmbeddedChannel(pipeline, () => closing === undefined),
    close,
    [Symbol.asyncDispose]: close,
  };
}
