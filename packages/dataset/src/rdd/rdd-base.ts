import { RuntimeError, type AnyFunction, type Executor, type JobResult, type TaskModule } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import { planTextSplits } from "../sources/text.ts";
import { planWholeFiles } from "../sources/whole-file.ts";
import { addNotes, type AccumulatorState } from "./accumulator.ts";
import type { ActionOptions } from "./actions.ts";
import { sourcesOf, type Lineage, type SourceNode } from "./lineage.ts";
import type { Struct } from "../frame/schema.ts";
import type { Rdd } from "./rdd.ts";
import { planJob, type ActionSink, type PlanOptions } from "./plan-job.ts";

/** How often a job may find that what it reads was lost with a worker. */
const attemptsMax = 4;

/** What RDDs need of their context. */
export interface RddHost {
  readonly module: TaskModule;
  /** Throws `executor-closed` once the context is closed. */
  readonly executor: () => Executor;
  /** Partition counts of what jobs left with the executor, by key. */
  readonly kept: Map<string, number>;
  readonly accumulators: Map<string, AccumulatorState>;
  /** A key that no RDD of this context has had. */
  readonly newKey: () => string;
  readonly create: (lineage: Lineage) => RddBase;
  /** A frame of an RDD's elements. */
  readonly toFrame: (rdd: Pick<Rdd<unknown>, "collect">, schema: Struct<unknown>) => unknown;
}

export interface RunParts {
  readonly sink: ActionSink;
  readonly options?: ActionOptions | undefined;
  readonly rowsWanted?: number;
  /** Its functions are called for what they do: two attempts at a task never run at once. */
  readonly hasEffects?: boolean;
}

/** What transformations and actions are made of. Every transformation makes a new handle on a new node. */
export class RddBase {
  protected readonly host: RddHost;
  readonly lineage: Lineage;

  constructor(host: RddHost, lineage: Lineage) {
    this.host = host;
    this.lineage = Object.freeze(lineage);
  }

  protected derive(lineage: Lineage): this {
    // Handles are all of one class: the last of the chain that begins here.
    return this.host.create(lineage) as this;
  }

  protected element(kind: "map" | "filter" | "flatMap" | "mapPartitions", fn: AnyFunction): this {
    return this.derive({ kind, input: this.lineage, fn });
  }

  /**
   * Runs a job over this RDD. `name` is the action's, for errors and progress. What was persisted and is lost meanwhile is
   * computed anew: by then the context has forgotten it.
   */
  protected async runJob(name: string, parts: RunParts): Promise<JobResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#runOnce(name, parts);
      } catch (thrown) {
        const isLost = thrown instanceof RuntimeError && thrown.code === "kept-lost";
        if (!isLost || attempt === attemptsMax) throw DatasetError.from(thrown);
      }
    }
  }

  async #runOnce(name: string, { sink, options, rowsWanted, hasEffects }: RunParts): Promise<JobResult> {
    const executor = this.host.executor();
    const plan = await this.planOptions(name);
    const { graph, keeps } = planJob(this.lineage, sink, {
      ...plan,
      ...(rowsWanted === undefined ? {} : { rowsWanted }),
      ...(hasEffects === undefined ? {} : { hasEffects }),
    });
    const result = await executor.run(graph, options);
    for (const [key, partitionCount] of keeps) {
      if (result.kept.includes(key)) this.host.kept.set(key, partitionCount);
    }
    addNotes(result.notes, this.host.accumulators);
    return result;
  }

  /** Looks at the files that the lineage reads: where they are, how large, how to cut them. */
  protected async planOptions(name: string): Promise<PlanOptions> {
    const { kept, module } = this.host;
    const splits = new Map<SourceNode, readonly unknown[]>();
    for (const source of sourcesOf(this.lineage, (key) => kept.has(key))) splits.set(source, await planSource(source));
    return { name, module, splits, kept };
  }
}

async function planSource(source: SourceNode): Promise<readonly unknown[]> {
  switch (source.kind) {
    case "text":
      return await planTextSplits(source.path, source.partitionsMin);
    case "objects":
    case "files":
      return await planWholeFiles(source.path);
    case "parquet": {
      const { planParquetRanges } = await import("../sources/parquet.ts");
      return await planParquetRanges(source.path, source);
    }
    case "frame":
      return await source.open();
    case "rows":
      return source.partitions;
  }
}
