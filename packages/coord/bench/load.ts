import { connect, type Session } from "../src/index.ts";

type Operation = "set" | "get" | "create";

const options = { sessionTimeoutMs: 30_000 };
const keyCount = 100;
const data = new Uint8Array(100).fill(7);

/** Connections to one set of servers that keep a window of requests on their way. */
export class Load implements AsyncDisposable {
  /** Of every operation so far, in milliseconds. */
  readonly latencies: number[] = [];
  readonly #connectString: string;
  readonly #sessions: readonly Session[];
  #created = 0;

  private constructor(connectString: string, sessions: readonly Session[]) {
    this.#connectString = connectString;
    this.#sessions = sessions;
  }

  static async open(connectString: string, connections: number): Promise<Load> {
    const sessions = await Promise.all(Array.from({ length: connections }, () => connect(connectString, options)));
    await sessions[0]?.createOrSet("/load", data);
    for (let key = 0; key < keyCount; key += 1) await sessions[0]?.createOrSet(`/load/${key}`, data);
    for (const session of sessions) await session.sync();
    return new Load(connectString, sessions);
  }

  /** Runs `count` operations, `window` of them on their way on each connection, and returns their number. */
  async run(operation: Operation, window: number, count: number): Promise<number> {
    let left = count;
    const worker = async (session: Session): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const beganMs = performance.now();
        await this.#one(session, operation, `/load/${left % keyCount}`);
        this.latencies.push(performance.now() - beganMs);
      }
    };
    const workers = this.#sessions.flatMap((session) => Array.from({ length: window }, () => worker(session)));
    await Promise.all(workers);
    return count;
  }

  async #one(session: Session, operation: Operation, path: string): Promise<void> {
    if (operation === "set") await session.set(path, data);
    else if (operation === "get") await session.get(path);
    else await session.create(`${path}/n${(this.#created += 1)}`, data);
  }

  /** One change of a node that so many watch, from all connections, until all have heard of it. */
  async fanOut(watchers: number): Promise<number> {
    const path = "/load/0";
    const heard: Promise<void>[] = [];
    for (let index = 0; index < watchers; index += 1) {
      const session = this.#sessions[index % this.#sessions.length] as Session;
      const { promise, resolve } = Promise.withResolvers<void>();
      heard.push(promise);
      // A callback of its own each: one that a connection knows is armed once.
      await session.get(path, { watch: () => resolve() });
    }
    await this.#sessions[0]?.set(path, data);
    await Promise.all(heard);
    return watchers;
  }

  /** Sessions that are opened and closed, so many at once. */
  async churn(count: number, atOnce: number): Promise<number> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await (await connect(this.#connectString, options)).close();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
