import { EventEmitter } from "eventemitter3";
import type { DataCodec } from "../client/codecs.ts";
import type { CallOptions, EventSource, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { createSharedValue, type SharedValue } from "./shared-value.ts";

/** One setting: how its value becomes bytes, is checked when it is read, and what it is while nobody has set it. */
export interface Setting<Value> {
  /** `json(parse)`, with a `parse` that throws for what is wrong, makes a typed and checked value. */
  readonly codec: DataCodec<Value>;
  readonly default: Value;
}

/** A check and a default for each setting, by its name. */
export type SettingsSchema<Values> = { readonly [Name in keyof Values]: Setting<Values[Name]> };

/** What happens to settings. */
export interface SettingsEvents<Values> {
  /** A setting has another value, which has passed its check and is in `values`. */
  change: [change: { readonly name: keyof Values }];
  /** What somebody has set does not pass; the last good value stays. */
  invalid: [problem: { readonly name: keyof Values; readonly error: CoordError }];
}

/** Values that everybody follows. */
export interface Settings<Values> extends AsyncDisposable {
  readonly events: EventSource<SettingsEvents<Values>>;
  /** As last seen here, at once. */
  readonly values: Readonly<Values>;
  /** For everybody; `values` follows when the server says so. Fails when the value does not pass its own check. */
  set<Name extends keyof Values & string>(name: Name, value: Values[Name], options?: CallOptions): Promise<void>;
  /** Settles when they are followed no longer: with the reason, or undefined after `close`. */
  readonly stopped: Promise<CoordError | undefined>;
  close(): Promise<void>;
}

type Decoded<Value> =
  | { readonly kind: "good"; readonly value: Value }
  | { readonly kind: "bad"; readonly error: CoordError };

/** Reads what does not pass as that, so that whoever follows goes on. */
function tolerant<Value>(codec: DataCodec<Value>): DataCodec<Decoded<Value>> {
  return {
    encode: (decoded) => {
      if (decoded.kind === "bad") throw decoded.error;
      const bytes = codec.encode(decoded.value);
      codec.decode(bytes);
      return bytes;
    },
    decode: (bytes) => {
      try {
        return { kind: "good", value: codec.decode(bytes) };
      } catch (thrown) {
        return { kind: "bad", error: CoordError.from(thrown, "malformed-record") };
      }
    },
  };
}

/**
 * Settings that many programs share, each a node below `path`: typed, checked, and followed as they change. What does not
 * pass its check never gets into `values`. Resolves when all were read once.
 *
 * ```ts
 * import { connect, json } from "@tutti/coord";
 * import { openSettings } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const positive = json((value) => {
 *   if (typeof value === "number" && value > 0) return value;
 *   throw new Error(`${String(value)} is no positive number`);
 * });
 * const settings = await openSettings(session, "/config", { limit: { codec: positive, default: 10 } });
 * console.log(settings.values.limit); // => 10
 * const changed = new Promise<void>((resolve) => settings.events.on("change", () => resolve()));
 * await settings.set("limit", 20);
 * await changed;
 * console.log(settings.values.limit); // => 20
 * await settings.close();
 * await session.close();
 * await server.close();
 * ```
 */
export async function openSettings<Values extends object>(
  session: Session,
  path: string,
  schema: SettingsSchema<Values>,
): Promise<Settings<Values>> {
  const settings = new SharedSettings(session, path, schema);
  try {
    await settings.ready;
  } catch (thrown) {
    await settings.close();
    throw thrown;
  }
  return settings;
}

class SharedSettings<Values extends object> implements Settings<Values> {
  readonly events: EventEmitter<SettingsEvents<Values>> = new EventEmitter<SettingsEvents<Values>>();
  readonly values: Values;
  readonly ready: Promise<unknown>;
  readonly stopped: Promise<CoordError | undefined>;
  readonly #session: Session;
  readonly #path: string;
  readonly #schema: SettingsSchema<Values>;
  readonly #stop = new AbortController();

  constructor(session: Session, path: string, schema: SettingsSchema<Values>) {
    this.#session = session;
    this.#path = path;
    this.#schema = schema;
    const names = Object.keys(schema) as (keyof Values & string)[];
    this.values = Object.fromEntries(names.map((name) => [name, schema[name].default])) as Values;
    const waits = names.map((name) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const ended = this.#follow(name, resolve);
      ended.then(() => resolve(), reject);
      return { promise, ended };
    });
    this.ready = Promise.all(waits.map(({ promise }) => promise));
    // Whoever waits for it hears of its failure, and `stopped` tells of it in any case.
    this.ready.catch(() => undefined);
    this.stopped = Promise.all(waits.map(({ ended }) => ended)).then(
      () => undefined,
      (thrown: unknown) => {
        this.#stop.abort();
        return CoordError.from(thrown, "closed");
      },
    );
  }

  async set<Name extends keyof Values & string>(name: Name, value: Values[Name], options?: CallOptions): Promise<void> {
    await this.#shared(name).set({ kind: "good", value }, options);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #shared<Name extends keyof Values & string>(name: Name): SharedValue<Decoded<Values[Name]>> {
    return createSharedValue(this.#session, childPath(this.#path, name), tolerant(this.#schema[name].codec));
  }

  async #follow<Name extends keyof Values & string>(name: Name, onFirst: () => void): Promise<void> {
    let isFirst = true;
    for await (const decoded of this.#shared(name).values({ signal: this.#stop.signal })) {
      if (decoded?.kind === "bad") {
        queueMicrotask(() => this.events.emit("invalid", { name, error: decoded.error }));
      } else {
        this.values[name] = decoded === undefined ? this.#schema[name].default : decoded.value;
        if (!isFirst) queueMicrotask(() => this.events.emit("change", { name }));
      }
      isFirst = false;
      onFirst();
    }
  }
}
