export { measureCase, type Benchmark, type BenchmarkCase, type CaseResult, type OpenBenchmark } from "./benchmark.ts";
export { freePorts } from "./free-ports.ts";
export { startLossyProxy, type LossyProxy, type LostDirection, type ProxyAddress } from "./lossy-proxy.ts";
export { loadOtherTexts, replaceOnce } from "./other-texts.ts";
export { importPlanted, type PlantBed, type SourceChange, type SourcePlant, textsWith } from "./planted-sources.ts";
