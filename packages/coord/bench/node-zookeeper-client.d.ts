/** The part of node-zookeeper-client that the benchmark and the tests call. */
declare module "node-zookeeper-client" {
  import type { EventEmitter } from "node:events";

  type Callback<T> = (error: Error | null, result?: T) => void;

  interface Client extends EventEmitter {
    connect(): void;
    close(): void;
    getSessionId(): Buffer;
    create(path: string, data: Buffer, mode: number, callback: Callback<string>): void;
    getData(path: string, callback: Callback<Buffer>): void;
    getData(path: string, watcher: (event: { readonly type: number }) => void, callback: Callback<Buffer>): void;
    setData(path: string, data: Buffer, version: number, callback: Callback<unknown>): void;
  }

  interface ClientOptions {
    readonly sessionTimeout?: number;
    readonly spinDelay?: number;
  }

  const zookeeper: { createClient(connectString: string, options?: ClientOptions): Client };
  export default zookeeper;
}
