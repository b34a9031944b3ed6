/** The part of node-zookeeper-client that the benchmark calls. */
declare module "node-zookeeper-client" {
  import type { EventEmitter } from "node:events";

  interface Client extends EventEmitter {
    connect(): void;
    close(): void;
    getData(path: string, callback: (error: Error | null, data?: unknown) => void): void;
    setData(path: string, data: Buffer, version: number, callback: (error: Error | null, stat?: unknown) => void): void;
  }

  const zookeeper: { createClient(connectString: string): Client };
  export default zookeeper;
}
