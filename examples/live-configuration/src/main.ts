// A service whose limits are changed while it runs, by somebody else.
import { connect, type DataCodec } from "@tutti/coord";
import { createSharedValue } from "@tutti/coord/recipes";
import { startServer } from "@tutti/coord/server";

interface Limits {
  readonly requestsPerSecond: number;
  readonly isOpen: boolean;
}

/** What is not a value of ours is refused where it is read, and nobody runs with it. */
const limitsCodec: DataCodec<Limits> = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode(bytes) {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as Partial<Limits>;
    if (
      typeof value.requestsPerSecond === "number" &&
      value.requestsPerSecond > 0 &&
      typeof value.isOpen === "boolean"
    ) {
      return { requestsPerSecond: value.requestsPerSecond, isOpen: value.isOpen };
    }
    throw new RangeError(`no limits: ${JSON.stringify(value)}`);
  },
};

const server = await startServer();

/** The service: it acts by whatever the limits are. */
async function serve(): Promise<void> {
  const session = await connect(server);
  const limits = createSharedValue(session, "/config/limits", limitsCodec);
  for await (const value of limits.values()) {
    if (value === undefined) console.log("service: no limits yet, closed");
    else console.log(`service: ${value.isOpen ? "open" : "closed"}, ${value.requestsPerSecond} requests a second`);
    seen.resolve();
    if (value?.requestsPerSecond === 40) break;
  }
  await session.close();
}

let seen = Promise.withResolvers<void>();
const nextSeen = async (): Promise<void> => {
  await seen.promise;
  seen = Promise.withResolvers();
};
const serving = serve();
await nextSeen();

const operator = await connect(server);
const limits = createSharedValue(operator, "/config/limits", limitsCodec);
await limits.set({ requestsPerSecond: 10, isOpen: true });
await nextSeen();
await limits.set({ requestsPerSecond: 10, isOpen: false });
await nextSeen();
// Two operators at once: neither overwrites the other.
await Promise.all([
  limits.update((value) => ({
    requestsPerSecond: 2 * (value?.requestsPerSecond ?? 1),
    isOpen: value?.isOpen ?? false,
  })),
  limits.update((value) => ({
    requestsPerSecond: 2 * (value?.requestsPerSecond ?? 1),
    isOpen: value?.isOpen ?? false,
  })),
]);
await serving;

await operator.set("/config/limits", "{}");
console.log("read back:", await limits.get().then(String, (error: Error) => error.message));
await operator.close();
await server.close();
