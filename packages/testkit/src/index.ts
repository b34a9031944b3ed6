export { measureCase, type Benchmark, type BenchmarkCase, type CaseResult, type OpenBenchmark } from "./benchmark.ts";
export { freePorts } from "./free-ports.ts";
export { loadOtherTexts, replaceOnce } from "./other-texts.ts";
export { startOneWayProxy, type LostDirection, type OneWayProxy, type ProxyAddress } from "./one-way-proxy.ts";
