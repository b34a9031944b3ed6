/**
 * Executors whose workers are other processes.
 *
 * @module
 */
export { startClusterExecutor, type ClusterExecutor, type ClusterExecutorOptions } from "./cluster-executor.ts";
export { startWorker, type ClusterWorker, type WorkerOptions } from "./worker.ts";
export type { ClusterAddress, ClusterSecurity } from "./cluster-link.ts";
