import { createFileDisk, createMemoryDisk, createMemoryNetwork, type Disk, type Members } from "@tutti/consensus";
import { join } from "node:path";
import { CoordError } from "../coord-error.ts";
import { resolveServerOptions, type ServerOptions } from "./server-options.ts";
import { type CoordServer, startNode } from "./start-node.ts";

/** As for one server; ports and directories are the ensemble's business. */
export interface EnsembleOptions extends Omit<ServerOptions, "port" | "dataDir"> {
  /** Servers that vote, default 3. An odd number: one more than an odd one tolerates no failure more. */
  readonly size?: number;
  /** Servers that serve reads and never vote, default 0. */
  readonly observers?: number;
  /** Each server keeps its data in a directory of its own in here, `1` to `n`. Default: in memory. */
  readonly dataDir?: string;
}

/** One server of an embedded ensemble, which can be stopped and started again on the same port with the same data. */
export interface EnsembleServer {
  /** From 1 on; the observers come last. */
  readonly id: number;
  readonly connectString: string;
  /** Undefined while it is stopped. */
  readonly server: CoordServer | undefined;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** Servers of this process that form one ensemble. */
export interface Ensemble extends AsyncDisposable {
  readonly servers: readonly EnsembleServer[];
  /** Of all servers, as clients take it. */
  readonly connectString: string;
  close(): Promise<void>;
}

const sizeMax = 7;

/**
 * Starts an ensemble of servers inside this process, linked by memory, each with a port of its own. Resolves when they
 * have a leader and serve.
 *
 * ```ts
 * import { startEnsemble } from "@tutti/coord/server";
 *
 * const ensemble = await startEnsemble({ size: 3 });
 * console.log(ensemble.connectString.split(",").length); // => 3
 * await ensemble.servers[0]?.stop(); // two of three go on
 * await ensemble.servers[0]?.restart();
 * await ensemble.close();
 * ```
 */
export async function startEnsemble(options: EnsembleOptions = {}): Promise<Ensemble> {
  const { size = 3, observers = 0, dataDir, signal, ...rest } = options;
  if (!Number.isInteger(size) || size < 1 || size > sizeMax) {
    throw new CoordError("invalid-options", `size is ${size} and must be a whole number from 1 to ${sizeMax}`);
  }
  if (!Number.isInteger(observers) || observers < 0) {
    throw new CoordError("invalid-options", `observers is ${observers} and must be a whole number from 0`);
  }
  const ids = Array.from({ length: size + observers }, (_, index) => index + 1);
  const members: Members = { voters: ids.slice(0, size), observers: ids.slice(size) };
  const network = createMemoryNetwork();
  const places = ids.map((id) => {
    const storage = dataDir === undefined ? createMemoryDisk() : createFileDisk(join(dataDir, String(id)));
    return new Place({ id, members, storage, transport: network.transport, options: rest });
  });
  const close = async (): Promise<void> => {
    signal?.removeEventListener("abort", onAbort);
    await Promise.all(places.map((place) => place.stop()));
  };
  const onAbort = (): void => void close();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.all(places.map((place) => place.restart()));
    for (const place of places) await place.server?.serving;
    if (signal?.aborted === true) throw new CoordError("aborted", "the signal was aborted", { cause: signal.reason });
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return {
    servers: places,
    connectString: places.map((place) => place.connectString).join(","),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface PlaceParts {
  readonly id: number;
  readonly members: Members;
  readonly storage: Disk;
  readonly transport: ReturnType<typeof createMemoryNetwork>["transport"];
  readonly options: Omit<ServerOptions, "port" | "dataDir" | "signal">;
}

class Place implements EnsembleServer {
  readonly id: number;
  readonly #parts: PlaceParts;
  #port = 0;
  #server: CoordServer | undefined;
  connectString = "";

  constructor(parts: PlaceParts) {
    this.id = parts.id;
    this.#parts = parts;
  }

  get server(): CoordServer | undefined {
    return this.#server;
  }

  async restart(): Promise<void> {
    if (this.#server !== undefined) return;
    const { options, ...membership } = this.#parts;
    const resolved = resolveServerOptions({ ...options, port: this.#port });
    const server = await startNode(resolved, { ...membership, bootstrap: false });
    this.#server = server;
    this.#port = server.address.port;
    this.connectString = server.connectString;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }
}
