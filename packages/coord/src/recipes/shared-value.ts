import type { DataCodec } from "../client/codecs.ts";
import type { CallOptions, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { hasCode, throwIfAborted } from "./recipe-options.ts";
import { repeated } from "./steps.ts";

/** One value that all see and change. */
export interface SharedValue<Value> {
  /** Undefined when nobody has set it yet. Fails with what the codec throws for content that is no such value. */
  get(options?: CallOptions): Promise<Value | undefined>;
  /** Sets it, whatever it was. */
  set(value: Value, options?: CallOptions): Promise<void>;
  /**
   * Sets it to what `change` makes of the present value, again if somebody else was faster. When the connection breaks
   * before the answer it fails with `connection-lost`, since `change` may have been applied.
   */
  update(change: (value: Value | undefined) => Value, options?: CallOptions): Promise<Value>;
  /** The present value, and then each later one; of several that come at once, the last. */
  values(options?: { readonly signal?: AbortSignal }): AsyncIterable<Value | undefined>;
}

/**
 * One value that all clients share: a configuration, a switch.
 *
 * ```ts
 * import { connect, json } from "@tutti/coord";
 * import { createSharedValue } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const limits = createSharedValue(session, "/config/limits", json<{ requests: number }>());
 * await limits.set({ requests: 10 });
 * await limits.update((value) => ({ requests: (value?.requests ?? 0) * 2 }));
 * for await (const value of limits.values()) {
 *   console.log(value?.requests); // => 20
 *   break;
 * }
 * await session.close();
 * await server.close();
 * ```
 */
export function createSharedValue<Value>(session: Session, path: string, codec: DataCodec<Value>): SharedValue<Value> {
  const read = async (options: CallOptions): Promise<Reading<Value>> => {
    try {
      const { data, stat } = await session.get(path, options);
      // A node that is there only since something is below it has no value yet.
      const value = data.length === 0 ? undefined : codec.decode(data);
      return { value, version: stat.version, mzxid: data.length === 0 ? 0n : stat.mzxid };
    } catch (thrown) {
      if (hasCode(thrown, "no-node")) return { value: undefined, version: -1, mzxid: 0n };
      throw thrown;
    }
  };
  return {
    get: async (options = {}) => (await read(options)).value,
    set: async (value, options = {}) => {
      await repeated(() => session.ensurePath(path, options));
      await repeated(() => session.set(path, codec.encode(value), options));
    },
    update: async (change, options = {}) => {
      for (;;) {
        throwIfAborted(options.signal, "update");
        const { value, version } = await read(options);
        if (version < 0) {
          await repeated(() => session.ensurePath(path, options));
          continue;
        }
        const next = change(value);
        try {
          await session.set(path, codec.encode(next), { ...options, version });
          return next;
        } catch (thrown) {
          if (!hasCode(thrown, "bad-version", "no-node")) throw thrown;
        }
      }
    },
    values: (options = {}) => valuesOf(session, { path, read, ...options }),
  };
}

interface Reading<Value> {
  readonly value: Value | undefined;
  /** -1 when there is no node. */
  readonly version: number;
  /** When it was set; 0n while it never was. */
  readonly mzxid: bigint;
}

interface Following<Value> {
  readonly path: string;
  readonly read: (options: CallOptions) => Promise<Reading<Value>>;
  readonly signal?: AbortSignal;
}

async function* valuesOf<Value>(
  session: Session,
  { path, read, signal }: Following<Value>,
): AsyncGenerator<Value | undefined, void> {
  const limits = signal === undefined ? {} : { signal };
  let shown: bigint | undefined;
  try {
    for await (const { type } of session.watch(path, { initial: true, bufferMax: 1, ...limits })) {
      if (type === "childrenChanged") continue;
      const { value, mzxid } = await read(limits);
      if (mzxid === shown) continue;
      shown = mzxid;
      yield value;
    }
  } catch (thrown) {
    if (signal?.aborted === true && thrown instanceof CoordError && thrown.code === "aborted") return;
    throw thrown;
  }
}
