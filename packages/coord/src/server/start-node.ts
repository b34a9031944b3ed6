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
  openReplicatedPipeline,
  openSoloPipeline,
  type PipelineHooks,
} from "./open-pipeline.ts";
import { createEmbeddedChannel } from "./embedded-channel.ts";
import { keepTime } from "./keep-time.ts";
import { type CoordServerEvents, createTell } from "./server-events.ts";
import { modeOf, type ServerMode } from "./server-mode.ts";
import { openPorts, type ServerPorts } from "./open-ports.ts";
import type { ResolvedOptions } from "./server-options.ts";
import { processClock } from "./server-clock.ts";
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

/** Starts one server: alone in memory, or as a member. */
export async function startNode(options: ResolvedOptions, membership: Membership | undefined): Promise<CoordServer> {
  const startedMs = processClock.monotonicMs();
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
    const stop = keepTime({ pipeline, replica, options, clock: processClock });
    if (replica !== undefined) tellMode(pipeline, replica, events);
    logger?.info(`serving clients on ${shown((ports.plain ?? ports.secure)?.address)}`);
    return createServer({ pipeline, replica, ports, events, logger, stop });
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
