import type { SimWorld } from "@tutti/consensus/sim";
import { assert, type Prng } from "@tutti/stdx";
import type { ClientClock } from "../../src/client/client-clock.ts";
import { ClientSession } from "../../src/client/client-session.ts";
import { resolveConnectOptions } from "../../src/client/connect-options.ts";
import { WireSession } from "../../src/client/wire-session.ts";
import { CoordError } from "../../src/coord-error.ts";
import { isFinal } from "../../src/core/client/session-state.ts";
import { createLease } from "../../src/recipes/lease.ts";
import type { Judge } from "./judge.ts";
import type { SimLine, SimLines } from "./sim-lines.ts";
import { TappedChannel } from "./tapped-channel.ts";

export interface ShippedClientOptions {
  readonly world: SimWorld;
  readonly chance: Prng;
  readonly lines: SimLines;
  readonly judge: Judge;
  readonly servers: readonly number[];
  readonly held: HeldLock;
}

/** Who believes that he holds the one lock that all clients fight for. */
export interface HeldLock {
  holder: object | undefined;
}

/**
 * Virtual milliseconds for one of a client's own. No server's clock is as fast: a client counts the end of its session before
 * any server does.
 */
const pace = 0.94;
const lockPath = "/lock";

/** The client that ships, with its calls and its watches, and a lock that it fights for. */
export class ShippedClient {
  readonly counts = {
    calls: 0,
    lostCalls: 0,
    watchesFired: 0,
    locksHeld: 0,
    leasesLost: 0,
    shippedSessions: 0,
  };
  readonly #options: ShippedClientOptions;
  #servers: readonly number[];
  #wire: WireSession | undefined;
  #session: ClientSession | undefined;
  #isGone = false;
  #isSettling = false;
  #isServed = false;
  #line: SimLine | undefined;
  /** Until then nothing gets from it to any server, or back. */
  #offlineUntilMs = 0;

  constructor(options: ShippedClientOptions) {
    this.#options = options;
    this.#servers = options.servers;
  }

  get sessionId(): bigint | undefined {
    const id = this.#wire?.sessionId;
    return id === 0n ? undefined : id;
  }

  get isServed(): boolean {
    return this.#isServed && this.#wire?.state === "connected";
  }

  /** For people. */
  toString(): string {
    return `shipped client, session ${this.#wire?.sessionId}, ${this.#wire?.state}, served ${this.#isServed}`;
  }

  start(): void {
    if (this.#options.chance.nextUnit() < 0.5) this.#goOfflineLater();
    this.#options.world.after(0, () => {
      this.#open();
      void this.#work().catch((thrown: unknown) => this.#options.world.fail(thrown));
    });
  }

  settle(servers: readonly number[]): void {
    this.#servers = servers;
    this.#isSettling = true;
  }

  /** Its process stands still for ever. */
  vanish(): void {
    this.#isGone = true;
    const { held } = this.#options;
    if (held.holder === this.#session) held.holder = undefined;
  }

  /** Servers have ended a session: its owner trusts in it no longer, whoever is cut off from whom. */
  ended(sessionId: bigint): void {
    if (this.#isGone || this.#wire?.sessionId !== sessionId) return;
    const { state } = this.#wire;
    const isTrusted = state === "connected" || state === "suspended";
    assert(!isTrusted, `the session ${sessionId} is over when its owner knows, who is ${state}`);
  }

  #open(): void {
    const { chance } = this.#options;
    this.counts.shippedSessions += 1;
    const options = resolveConnectOptions({
      sessionTimeoutMs: 150 + chance.nextBelow(600),
      backoffMs: 10,
      backoffMsMax: 100,
      seed: chance.nextUint32(),
    });
    this.#wire = new WireSession(options, {
      chroot: "",
      hostCount: this.#options.servers.length,
      dial: (host) => this.#dial(this.#options.servers[host] ?? 1),
      clock: this.#clock(),
    });
    this.#session = new ClientSession(this.#wire);
    this.#wire.start();
  }

  #dial(wanted: number): TappedChannel {
    const { world, judge, lines } = this.#options;
    const serverId = this.#servers.includes(wanted) ? wanted : (this.#servers[0] ?? 1);
    this.#line = lines.dial(serverId);
    if (this.#offlineUntilMs > world.nowMs) this.#line.hold(this.#offlineUntilMs - world.nowMs, 2);
    return new TappedChannel({ world, judge, serverId, line: this.#line });
  }

  /** For about as long as its sessions live. */
  #goOfflineLater(): void {
    const { world, chance } = this.#options;
    world.after(chance.nextUnit() * 1000, () => {
      if (this.#isSettling) return;
      const durationMs = 100 + chance.nextUnit() * 1500;
      this.#offlineUntilMs = world.nowMs + durationMs;
      this.#line?.hold(durationMs, chance.nextBelow(3));
      this.#goOfflineLater();
    });
  }

  #clock(): ClientClock {
    const { world } = this.#options;
    return {
      monotonicMs: () => world.nowMs / pace,
      after: (delayMs, run) => {
        let isWanted = true;
        world.after(delayMs * pace, () => {
          if (isWanted && !this.#isGone) run();
        });
        return () => {
          isWanted = false;
        };
      },
      soon: (run) => world.after(0, run),
    };
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.world.after(ms, resolve));
  }

  async #work(): Promise<void> {
    const { chance } = this.#options;
    for (;;) {
      await this.#sleep(2 + chance.nextUnit() * 30);
      if (this.#isGone) return;
      const session = this.#session;
      if (session === undefined || isFinal(session.state)) {
        this.#open();
        continue;
      }
      if (this.#isServed) continue;
      await this.#attempt(async () => {
        if (this.#isSettling) await this.#askToBeServed(session);
        else if (chance.nextUnit() < 0.25) await this.#fight(session);
        else await this.#call(session);
      });
    }
  }

  /** Whatever an ensemble in trouble may answer is an answer. */
  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      this.counts.calls += 1;
      await run();
    } catch (thrown) {
      if (!(thrown instanceof CoordError) || thrown.code === "malformed-record") throw thrown;
      if (thrown.code === "connection-lost" || thrown.code === "session-expired") this.counts.lostCalls += 1;
    }
  }

  /** A watch that is set now hears of what happens now. */
  async #askToBeServed(session: ClientSession): Promise<void> {
    const path = `/probe-${session.id}`;
    let hasHeard = false;
    await session.exists(path, { watch: () => (hasHeard = true) });
    await session.create(path, "probe", { mode: "ephemeral" }).catch(ignoreExisting);
    await session.delete(path);
    await session.sync("/");
    await this.#sleep(0);
    assert(hasHeard, `the client of session ${session.id} hears of the node that it made`);
    this.#isServed = true;
  }

  async #call(session: ClientSession): Promise<void> {
    const { chance } = this.#options;
    const path = ["/a", "/b", "/a/c", "/a/m", "/b/n", "/a/c/o"][chance.nextBelow(6)] ?? "/a";
    const watch = chance.nextUnit() < 0.5 ? { watch: this.#onceOnly() } : {};
    switch (chance.nextBelow(9)) {
      case 0:
        return void (await session.exists(path, watch));
      case 1:
        return void (await session.get(path, watch));
      case 2:
        return void (await session.children(path, watch));
      case 3:
        return void (await session.set(path, "set"));
      case 4:
        return void (await session.create(path, "made", {
          mode: chance.nextUnit() < 0.5 ? "ephemeral" : "persistent",
        }));
      case 5:
        return session.delete(path);
      case 6:
        return session.sync(path);
      case 7:
        return void (await session
          .transaction()
          .guard({ path: "/" })
          .set(path, "both")
          .create(`${path}/t`, null)
          .commit());
      default:
        // A program that ends well.
        if (chance.nextUnit() < 0.2) await session.close();
    }
  }

  /** Nobody is told twice of one event by one watch. */
  #onceOnly(): () => void {
    let count = 0;
    return () => {
      count += 1;
      this.counts.watchesFired += 1;
      assert(count === 1, "a watch of a call fires once");
    };
  }

  /** One after the other, by the numbers of their nodes; who holds has a lease that ends before the node does. */
  async #fight(session: ClientSession): Promise<void> {
    const { chance, held } = this.#options;
    await session.create(lockPath, null).catch(ignoreExisting);
    let path: string | undefined;
    try {
      const { path: own, stat } = await session.create(`${lockPath}/n-`, null, { mode: "ephemeralSequential" });
      path = own;
      for (let looks = 0; looks < 8; looks += 1) {
        const [first] = (await session.children(lockPath)).toSorted();
        if (`${lockPath}/${first}` === own) return await this.#hold(session, { path: own, czxid: stat.czxid });
        await this.#sleep(10 + chance.nextUnit() * 30);
      }
    } finally {
      if (held.holder === session) held.holder = undefined;
      await this.#leave(session, path);
    }
  }

  async #hold(session: ClientSession, node: { readonly path: string; readonly czxid: bigint }): Promise<void> {
    const { held, chance, judge } = this.#options;
    const lease = createLease(session, node);
    // Somebody else may have had the answer late: what counts is that the node was there when it was looked for.
    if (lease.signal.aborted) return;
    const isThere = judge.tree.get(node.path) !== undefined;
    assert(held.holder === undefined || !isThere, `one client holds the lock when session ${session.id} gets it`);
    if (!isThere || this.#isGone) return;
    this.counts.locksHeld += 1;
    held.holder = session;
    lease.signal.addEventListener("abort", () => {
      this.counts.leasesLost += 1;
      if (held.holder === session) held.holder = undefined;
    });
    await this.#sleep(5 + chance.nextUnit() * (chance.nextUnit() < 0.2 ? 2000 : 200));
    if (held.holder === session) held.holder = undefined;
    await lease.release();
  }

  /** What was made and not heard of stands in the way of everybody, and of oneself. */
  async #leave(session: ClientSession, path: string | undefined): Promise<void> {
    const paths = path === undefined ? await session.ephemerals(lockPath) : [path];
    for (const one of paths) await session.delete(one).catch(ignoreMissing);
  }
}

function ignoreExisting(thrown: unknown): void {
  if (!(thrown instanceof CoordError) || thrown.code !== "node-exists") throw thrown;
}

function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof CoordError) || thrown.code !== "no-node") throw thrown;
}
