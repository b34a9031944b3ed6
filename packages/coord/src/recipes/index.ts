export { createLock, createReadWriteLock, type Lock, type LockOptions, type ReadWriteLock } from "./lock.ts";
export { createReentrantLock } from "./reentrant-lock.ts";
export { acquireAll, type MultiLease } from "./multi-lock.ts";
export { type Lease } from "./lease.ts";
export { type NodeNames } from "./recipe-options.ts";
export { createSemaphore, type Semaphore } from "./semaphore.ts";
export { createElection, type Election, type ElectionOptions } from "./election.ts";
export { createCounter, type Counter } from "./counter.ts";
