import { connect, type Session } from "../src/index.ts";

/** Connections to one set of servers that keep a window of requests on their way. */
export class Load implements AsyncDisposable {
  readonly #sessions: readonly Session[];

  private constructor(sessions: readonly Session[]) {
    this.#sessions = sessions;
  }

  static async open(connectString: string, connections: number): Promise<Load> {
    const options = { sessionTimeoutMs: 30_000 };
    const sessions = await Promise.all(Array.from({ length: connections }, () => connect(connectString, options)));
    await sessions[0]?.createOrSet("/load", new Uint8Array(100));
    for (let key = 0; key < 100; key += 1) await sessions[0]?.createOrSet(`/load/${key}`, new Uint8Array(100));
    for (const session of sessions) await session.sync();
    return new Load(sessions);
  }

  /** Runs `count` operations, `window` of them on their way on each connection, and returns their number. */
  async run(operation: "set" | "get", window: number, count: number): Promise<number> {
    const data = new Uint8Array(100).fill(7);
    let left = count;
    const worker = async (session: Session): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const path = `/load/${left % 100}`;
        if (operation === "set") await session.set(path, data);
        else await session.get(path);
      }
    };
    const workers = this.#sessions.flatMap((session) => Array.from({ length: window }, () => worker(session)));
    await Promise.all(workers);
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
