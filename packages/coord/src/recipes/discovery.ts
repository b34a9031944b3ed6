import { createPrng, type Prng } from "@tutti/stdx";
import type { Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { createCache } from "./cache.ts";
import { createPersistentNode, type PersistentNode } from "./persistent-node.ts";
import { repeated } from "./steps.ts";

/** One instance of a service, with the names that Curator's discovery uses in its JSON. */
export interface ServiceInstance {
  readonly name: string;
  /** Unique among the instances of a service. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly sslPort?: number;
  /** How much of the work it takes, next to the others; default 1. Curator passes it over. */
  readonly weight?: number;
  readonly payload?: unknown;
}

/** The instances of one service, as last seen here. */
export interface Services extends AsyncDisposable {
  /** All that are there. */
  all(): readonly ServiceInstance[];
  /** The next one to ask. Throws `no-node` when there is none. */
  pick(): ServiceInstance;
  close(): Promise<void>;
}

/** How an instance is picked among those of a service. */
export interface DiscoveryOptions {
  /** `random`, by weight (the default), or one after the other: `roundRobin`. */
  readonly strategy?: "random" | "roundRobin";
  /** Start of the random choices; default: chance. */
  readonly seed?: number;
}

/**
 * Announces an instance for as long as this process lives, below `base`/name/id as Curator does.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { registerService } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const instance = await registerService(session, "/services", { name: "mail", id: "1", address: "10.0.0.7", port: 25 });
 * console.log(await session.children("/services/mail")); // => [ '1' ]
 * await instance.close();
 * console.log(await session.children("/services/mail")); // => []
 * await session.close();
 * await server.close();
 * ```
 */
export async function registerService(
  session: Session,
  base: string,
  instance: ServiceInstance,
): Promise<PersistentNode> {
  const { weight = 1 } = instance;
  if (!(weight > 0) || !Number.isFinite(weight)) {
    throw new CoordError("invalid-options", `weight is ${weight} and must be above 0`);
  }
  const json = { ...instance, registrationTimeUTC: Date.now(), serviceType: "DYNAMIC" };
  const path = childPath(childPath(base, instance.name), instance.id);
  const node = createPersistentNode(session, path, JSON.stringify(json));
  await node.ready;
  return node;
}

/**
 * Knows the instances of a service, and picks among them.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { discoverService, registerService } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * await registerService(session, "/services", { name: "mail", id: "1", address: "10.0.0.7", port: 25 });
 * const services = await discoverService(session, "/services", "mail");
 * console.log(services.pick().address); // => 10.0.0.7
 * await services.close();
 * await session.close();
 * await server.close();
 * ```
 */
export async function discoverService(
  session: Session,
  base: string,
  name: string,
  options: DiscoveryOptions = {},
): Promise<Services> {
  const { strategy = "random", seed = Math.floor(Math.random() * 0x7fff_ffff) } = options;
  const path = childPath(base, name);
  await repeated(() => session.ensurePath(path));
  const cache = createCache(session, path, { scope: "children" });
  await cache.ready;
  const all = (): readonly ServiceInstance[] => {
    const found: ServiceInstance[] = [];
    for (const [where, { data }] of cache.nodes) {
      const instance = where === path ? undefined : parseInstance(data);
      if (instance !== undefined) found.push(instance);
    }
    return found.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  };
  const prng = createPrng(seed);
  let turn = 0;
  const close = (): Promise<void> => cache.close();
  return {
    all,
    pick: () => {
      const instances = all();
      const [first] = instances;
      if (first === undefined) throw new CoordError("no-node", `service ${name}: no instance is there`, { path });
      if (strategy === "random") return pickByWeight(instances, prng) ?? first;
      turn += 1;
      return instances[(turn - 1) % instances.length] ?? first;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function pickByWeight(instances: readonly ServiceInstance[], prng: Prng): ServiceInstance | undefined {
  const total = instances.reduce((sum, { weight = 1 }) => sum + weight, 0);
  let rest = prng.nextUnit() * total;
  return instances.find(({ weight = 1 }) => {
    rest -= weight;
    return rest < 0;
  });
}

/** Others may write here too: what is no instance is passed over. */
function parseInstance(data: Uint8Array): ServiceInstance | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(data));
    const isInstance = typeof value === "object" && value !== null && "id" in value && "address" in value;
    return isInstance ? (value as ServiceInstance) : undefined;
  } catch {
    return undefined;
  }
}
