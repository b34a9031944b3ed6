/**
 * Executors whose workers are other processes.
 *
 * @module
 */
export { startClusterExecutor, type ClusterExecutor, type ClusterExecutorOptions } from "./cluster-executor.ts";
export { startWorker, type ClusterWorker, type WorkerOptions, type WorkerSettings } from "./worker.ts";
export type { ClusterAddress, ClusterSecurity, ClusterTls } from "./cluster-link.ts";
export { startMaster, type ClusterMaster, type MasterOptions } from "./master.ts";
export { connectCluster, type ClusterDriver, type ConnectClusterOptions } from "./connect-cluster.ts";
export type { CoordOptions } from "./coord-place.ts";
export type { SpeculationSettings } from "./speculation.ts";
