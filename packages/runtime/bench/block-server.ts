// Serves a file in two ways: as a worker serves blocks, and by a bare socket. `block-server.ts <directory> <file>`.
import { createReadStream } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { listenForLinks } from "@tutti/link";
import { openChannel } from "../src/cluster/channel.ts";
import { linkOptions } from "../src/cluster/cluster-link.ts";

const [directory = "", file = ""] = process.argv.slice(2);
const listen = { host: "127.0.0.1", port: 0 };
const chunkBytes = 1024 * 1024;

async function serve(secret: Uint8Array | undefined): Promise<number> {
  const security = secret === undefined ? {} : { secret };
  const server = await listenForLinks(listen, {
    ...linkOptions("server", {}, security),
    onLink: (link) => openChannel({ link, directory, onMessage: () => undefined, onDown: () => undefined }),
  });
  return server.address.port;
}

const raw = createServer((socket) => {
  socket.on("data", () =>
    createReadStream(path.join(directory, file), { highWaterMark: chunkBytes }).pipe(socket, { end: false }),
  );
  socket.on("error", () => undefined);
}).listen(0, "127.0.0.1");
const ports = [await serve(undefined), await serve(Buffer.alloc(32, 1)), (raw.address() as AddressInfo).port];
process.send?.(ports);
