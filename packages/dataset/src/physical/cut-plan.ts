import { binaryType, type Schema } from "../plan/data-type.ts";
import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { columnAt } from "../plan/scope.ts";
import { someExpression } from "../plan/walk-expression.ts";
import { expressionsOf, mapPlan } from "../plan/walk-plan.ts";
import { isEscaping } from "./correlation.ts";
import { joinKeys } from "./join-keys.ts";
import type { Branch, LeafPlan, PhysicalPlan, PhysicalStage, StageOutput, StageRead } from "./physical-plan.ts";
import { isSplittable, splitAggregate, type SplitAggregate } from "./split-aggregate.ts";

export interface CutOptions {
  /** Sides of joins that are thought to be at most this large go to every task whole. */
  readonly broadcastBytesMax: number;
  /** How large a leaf is, as far as that is known without reading it. */
  readonly bytesOf: (leaf: LeafPlan) => number;
}

/** Rows in the making: the last fragment over them is still open, so that more steps can join it. */
interface Part {
  readonly branches: readonly Branch[];
  readonly schema: Schema;
  /** Whether one task has them all. */
  readonly isSingle: boolean;
  /** Columns whose values say in which task a row is. */
  readonly hashedBy?: readonly number[] | undefined;
  readonly bytes: number;
}

/**
 * Cuts a plan into stages. What a node needs decides what happens below it: rows with equal keys in one task (aggregates,
 * joins, windows, distinct rows), rows in order (sorts), one side whole (small joins, subqueries), or all rows in one task,
 * which is also the way of what cannot be cut.
 */
export function cutPlan(plan: ResolvedPlan, options: CutOptions): PhysicalPlan {
  const cutter = createCutter(options);
  cutter.close(cutter.distribute(plan), { kind: "gather" });
  return { stages: cutter.stages };
}

interface Cutter {
  readonly stages: readonly PhysicalStage[];
  readonly distribute: (plan: ResolvedPlan) => Part;
  readonly close: (part: Part, output: StageOutput) => number;
}

type Plan<K extends ResolvedPlan["kind"]> = Extract<ResolvedPlan, { readonly kind: K }>;

function createCutter({ broadcastBytesMax, bytesOf }: CutOptions): Cutter {
  const stages: PhysicalStage[] = [];
  let inputCount = 0;
  const newName = (): string => `tutti_input_${(inputCount += 1)}`;

  const close = (part: Part, output: StageOutput): number => {
    stages.push({ branches: part.branches, schema: part.schema, output });
    return stages.length - 1;
  };

  const readOf = (part: Part, output: StageOutput): StageRead => ({
    name: newName(),
    stage: close(part, output),
    schema: part.schema,
  });

  /** The rows of a part after they changed places. */
  const exchange = (part: Part, output: StageOutput): Part => {
    const isSingle = output.kind === "gather";
    const read = readOf(part, output);
    const source = { kind: "slices", reads: [read], isSingle } as const;
    const hashedBy = output.kind === "hash" ? columnsOf(output.keys) : undefined;
    return { ...part, isSingle, hashedBy, branches: [{ plan: inputOf(read), source, broadcasts: [] }] };
  };

  const gather = (part: Part): Part => (part.isSingle ? part : exchange(part, { kind: "gather" }));
  const byKeys = (part: Part, keys: readonly Resolved[]): Part =>
    part.isSingle || haveMet(part, keys) ? undivided(part) : exchange(part, { kind: "hash", keys });
  const byColumns = (part: Part, indexes: readonly number[]): Part =>
    byKeys(
      part,
      indexes.map((index) => columnAt(part.schema, index)),
    );

  /** The plan as every task reads it: scans as they are, all else from a stage of its own. */
  const broadcast = (plan: ResolvedPlan, part: Part): Whole => {
    const [branch] = part.branches;
    if (part.branches.length === 1 && branch !== undefined && branch.broadcasts.length === 0) {
      const { source } = branch;
      if (source.kind === "leaf" && (source.leaf.kind === "scan" || source.leaf.kind === "range"))
        return { plan: withLeaf(branch.plan, source), reads: [] };
    }
    const read = readOf(part, { kind: "gather" });
    return { plan: { ...inputOf(read), schema: plan.schema }, reads: [read] };
  };

  /** What a subquery reads becomes what every task reads; those parts of it that look at the row outside stay. */
  const localize = (plan: ResolvedPlan, reads: StageRead[]): ResolvedPlan => {
    if (isEscaping(plan)) return mapPlan(plan, (input) => localize(input, reads));
    const whole = broadcast(plan, distribute(plan));
    reads.push(...whole.reads);
    return whole.plan;
  };

  const withSubqueries = <P extends ResolvedPlan>(plan: P): { readonly plan: P; readonly reads: StageRead[] } => {
    const reads: StageRead[] = [];
    const inputs = new Set<ResolvedPlan>(
      plan.kind === "join" ? [plan.left, plan.right] : "input" in plan ? [plan.input] : [],
    );
    const mapped = mapPlan(plan, (one) => (inputs.has(one) ? one : localize(one, reads)));
    return { plan: mapped as P, reads };
  };

  /** A node that needs nothing but its own rows. */
  const rowByRow = (given: Plan<"project" | "filter" | "generate">): Part => {
    const { plan, reads } = withSubqueries(given);
    return overEach(prepared(plan), plan, { reads });
  };

  const prepared = (plan: Plan<"project" | "filter" | "generate">): Part => {
    const input = distribute(plan.input);
    if (input.isSingle) return input;
    const expressions = expressionsOf(plan);
    if (expressions.some((one) => someExpression(one, isUnsteady))) return gather(input);
    const keys = windowKeys(expressions);
    if (keys === undefined) return input;
    return keys.length === 0 ? gather(input) : byKeys(input, keys);
  };

  const aggregate = (given: Plan<"aggregate">): Part => {
    const { plan, reads } = withSubqueries(given);
    const input = distribute(plan.input);
    const isKeyed =
      plan.keys.length > 0 && plan.groupingSets.length === 1 && plan.groupingSets[0]?.length === plan.keys.length;
    const isMet = input.isSingle || (isKeyed && haveMet(input, plan.keys));
    const split = isSplittable(plan) && !isMet ? splitAggregate(plan) : undefined;
    if (split === undefined) {
      const met = isKeyed ? byKeys(input, plan.keys) : gather(input);
      return overEach(met, plan, { reads });
    }
    const partial = {
      ...overEach(input, split.partial(plan.input)),
      branches: input.branches.map((one) => partialBranch(one, plan, split)),
    };
    const indexes = plan.keys.map((_, index) => index);
    const met = isKeyed ? byColumns(partial, indexes) : gather(partial);
    return overEach(met, split.final(plan.input), { schema: plan.schema });
  };

  const join = (given: Plan<"join">): Part => {
    const { plan, reads } = withSubqueries(given);
    const [left, right] = [distribute(plan.left), distribute(plan.right)];
    return copied(plan, [left, right], reads) ?? met(plan, [left, right], reads);
  };

  /** One side goes to every task of the other, where it is small or nothing else will do. */
  const copied = (plan: Plan<"join">, [left, right]: Sides, reads: readonly StageRead[]): Part | undefined => {
    if (left.isSingle && right.isSingle) return undefined;
    const isKeyed = joinKeys(plan).left.length > 0;
    const mayCopy = (side: Part): boolean => !isKeyed || side.bytes <= broadcastBytesMax;
    const { how } = plan;
    const isEither = how === "inner" || how === "cross";
    if (
      how !== "right" &&
      how !== "full" &&
      mayCopy(right) &&
      !(isEither && mayCopy(left) && left.bytes < right.bytes)
    ) {
      const whole = broadcast(plan.right, right);
      const over = { ...plan, input: left, reads: [...reads, ...whole.reads] };
      return streamed(over, (input) => ({ ...plan, left: input, right: whole.plan }), left.hashedBy);
    }
    if (!(isEither || how === "right") || !mayCopy(left)) return undefined;
    const whole = broadcast(plan.left, left);
    const hashedBy = right.hashedBy?.map((index) => index + plan.left.schema.length);
    const over = { ...plan, input: right, reads: [...reads, ...whole.reads] };
    return streamed(over, (input) => ({ ...plan, left: whole.plan, right: input }), hashedBy);
  };

  /** Rows of both sides with equal keys in one task. A side that is cut so already stays where it is. */
  const met = (plan: Plan<"join">, [left, right]: Sides, reads: readonly StageRead[]): Part => {
    const keys = joinKeys(plan);
    const node = (a: ResolvedPlan, b: ResolvedPlan): ResolvedPlan => ({ ...plan, left: a, right: b });
    if (keys.left.length === 0 || (left.isSingle && right.isSingle))
      return meet([left, right], [{ kind: "gather" }, { kind: "gather" }], node, { schema: plan.schema, reads });
    const places = keyPlaces(left, keys.left) ?? keyPlaces(right, keys.right) ?? keys.left.map((_, index) => index);
    const [leftKeys, rightKeys] = [keys.left, keys.right].map((side) => places.map((place) => side[place] as Resolved));
    const outputs = [leftKeys, rightKeys].map((side = []): StageOutput => ({ kind: "hash", keys: side }));
    const met = meet([left, right], outputs as [StageOutput, StageOutput], node, { schema: plan.schema, reads });
    const joined = divided(met, plan);
    const width = plan.left.schema.length;
    const ofRight = plan.how === "right" ? columnsOf(rightKeys ?? [])?.map((index) => index + width) : undefined;
    const hashedBy = plan.how === "full" ? undefined : plan.how === "right" ? ofRight : columnsOf(leftKeys ?? []);
    return { ...joined, hashedBy };
  };

  /** A node over one part, each branch by itself. */
  const streamed = (
    { input, schema, reads }: { readonly input: Part; readonly schema: Schema; readonly reads: readonly StageRead[] },
    node: (input: ResolvedPlan) => ResolvedPlan,
    hashedBy: readonly number[] | undefined,
  ): Part => ({
    ...input,
    schema,
    hashedBy,
    branches: input.branches.map((branch) => ({
      ...branch,
      plan: node(branch.plan),
      broadcasts: [...branch.broadcasts, ...reads],
    })),
  });

  /** A node over two parts that are cut alike. */
  const meet = (
    [left, right]: Sides,
    [leftOutput, rightOutput]: readonly [StageOutput, StageOutput],
    node: (left: ResolvedPlan, right: ResolvedPlan) => ResolvedPlan,
    { schema, reads }: { readonly schema: Schema; readonly reads: readonly StageRead[] },
  ): Part => {
    const [a, b] = [asSlices(left, leftOutput), asSlices(right, rightOutput)];
    const isSingle = leftOutput.kind === "gather";
    const source = { kind: "slices", reads: [...a.reads, ...b.reads], isSingle } as const;
    const broadcasts = [...a.broadcasts, ...b.broadcasts, ...reads];
    const bytes = left.bytes + right.bytes;
    return { branches: [{ plan: node(a.plan, b.plan), source, broadcasts }], schema, isSingle, bytes };
  };

  /** A part as something that reads slices: as it is where it is cut so, else after an exchange. */
  const asSlices = (part: Part, output: StageOutput): Slices => {
    const [branch] = part.branches;
    const wanted = output.kind === "hash" ? columnsOf(output.keys) : undefined;
    const isCut = wanted !== undefined && !part.isSingle && wanted.join() === part.hashedBy?.join();
    if (isCut && part.branches.length === 1 && branch?.source.kind === "slices")
      return { plan: branch.plan, reads: branch.source.reads, broadcasts: branch.broadcasts };
    const read = readOf(part, output);
    return { plan: inputOf(read), reads: [read], broadcasts: [] };
  };

  const setOperation = (plan: Plan<"setOperation">): Part => {
    const [left, right] = [distribute(plan.left), distribute(plan.right)];
    if (plan.operation === "union" && plan.isAll) {
      const branches = [...left.branches, ...right.branches];
      return { branches, schema: plan.schema, isSingle: false, bytes: left.bytes + right.bytes };
    }
    const every = (part: Part): StageOutput => ({
      kind: "hash",
      keys: part.schema.map((_, at) => columnAt(part.schema, at)),
    });
    return meet([left, right], [every(left), every(right)], (a, b) => ({ ...plan, left: a, right: b }), {
      schema: plan.schema,
      reads: [],
    });
  };

  const sort = (given: Plan<"sort">): Part => {
    const { plan, reads } = withSubqueries(given);
    const input = distribute(plan.input);
    const isLocal = reads.length > 0 || plan.keys.some((key) => someExpression(key.input, isWhole));
    if (input.isSingle || isLocal || input.bytes <= broadcastBytesMax) return overEach(gather(input), plan, { reads });
    // Its rows are looked at twice: once for the sample, once to be sent where they belong.
    const read = readOf(input, { kind: "gather" });
    const tasks = (name: string): Part => {
      const own = { ...read, name };
      return { ...input, branches: [{ plan: inputOf(own), source: { kind: "tasks", read: own }, broadcasts: [] }] };
    };
    const bounds = { ...readOf(tasks(read.name), { kind: "sample", keys: plan.keys }), schema: sampleSchema };
    const placed = exchange(tasks(newName()), { kind: "range", keys: plan.keys, bounds });
    return overEach(placed, plan);
  };

  const limit = (plan: Plan<"limit">): Part => {
    const { input: below, count, offset } = plan;
    const most = count === undefined ? undefined : count + offset;
    // The first of each part, and of these the first.
    if (below.kind === "sort" && most !== undefined && below.keys.every((key) => !someExpression(key.input, isWhole))) {
      const input = distribute(below.input);
      if (input.isSingle) return overEach(overEach(input, below), plan);
      const parts = overEach(overEach(input, below), { ...plan, count: most, offset: 0 });
      return overEach(overEach(gather(parts), below), plan);
    }
    const input = distribute(below);
    if (input.isSingle || most === undefined) return overEach(gather(input), plan);
    return overEach(gather(overEach(input, { ...plan, count: most, offset: 0 })), plan);
  };

  const distinct = (plan: Plan<"distinct">): Part => {
    const input = distribute(plan.input);
    if (plan.on !== undefined) return overEach(byColumns(input, plan.on), plan);
    const every = plan.schema.map((_, index) => columnAt(plan.schema, index));
    const parts = input.isSingle || haveMet(input, every) ? input : overEach(input, plan);
    return overEach(
      byColumns(
        parts,
        plan.schema.map((_, index) => index),
      ),
      plan,
    );
  };

  const leaf = (plan: LeafPlan): Part => {
    const name = newName();
    const branch: Branch = {
      plan: { kind: "input", name, schema: plan.schema },
      source: { kind: "leaf", name, leaf: plan },
      broadcasts: [],
    };
    return { branches: [branch], schema: plan.schema, isSingle: false, bytes: bytesOf(plan) };
  };

  const distribute = (plan: ResolvedPlan): Part => {
    switch (plan.kind) {
      case "scan":
      case "range":
      case "local":
      case "kept":
      case "sql":
        return leaf(plan);
      case "project":
      case "filter":
      case "generate":
        return rowByRow(plan);
      case "aggregate":
        return aggregate(plan);
      case "join":
        return join(plan);
      case "setOperation":
        return setOperation(plan);
      case "sort":
        return sort(plan);
      case "limit":
        return limit(plan);
      case "distinct":
        return distinct(plan);
      // Which rows it takes depends on their order.
      case "sample":
        return overEach(gather(distribute(plan.input)), plan);
      case "input":
        throw new Error("a plan that is cut already");
    }
  };

  return { stages, distribute, close };
}

/** A plan that every task can run by itself, and what it reads for that. */
interface Whole {
  readonly plan: ResolvedPlan;
  readonly reads: readonly StageRead[];
}

type Sides = readonly [left: Part, right: Part];

/** A fragment over slices of earlier stages. */
interface Slices {
  readonly plan: ResolvedPlan;
  readonly reads: readonly StageRead[];
  readonly broadcasts: readonly StageRead[];
}

interface OverOptions {
  readonly reads?: readonly StageRead[];
  readonly schema?: Schema;
}

/** One more node on each branch. */
function overEach(
  part: Part,
  node: Extract<ResolvedPlan, { readonly input: ResolvedPlan }>,
  { reads = [], schema = node.schema }: OverOptions = {},
): Part {
  const branches = part.branches.map((branch): Branch => ({
    ...branch,
    plan: { ...node, input: branch.plan } as ResolvedPlan,
    broadcasts: [...branch.broadcasts, ...reads],
    unreduced: undefined,
  }));
  return { ...part, branches, schema, hashedBy: hashedAfter(node, part.hashedBy) };
}

function partialBranch(branch: Branch, { keys }: Plan<"aggregate">, split: SplitAggregate): Branch {
  const input = branch.plan;
  const isKeyed = keys.length > 0 && isRowByRow(input);
  const schema = split.schema.slice(0, keys.length);
  const unreduced = { plan: split.unreduced(input), keys: { kind: "project", input, columns: keys, schema } as const };
  return { ...branch, plan: split.partial(input), unreduced: isKeyed ? unreduced : undefined };
}

/** Whether a look at the first rows costs no more than those. */
function isRowByRow(plan: ResolvedPlan): boolean {
  if (plan.kind === "input") return true;
  return (
    (plan.kind === "project" || plan.kind === "filter") &&
    !expressionsOf(plan).some((one) => someExpression(one, isWhole)) &&
    isRowByRow(plan.input)
  );
}

/** Where the columns that say in which task a row is stand after a node. */
function hashedAfter(node: ResolvedPlan, hashedBy: readonly number[] | undefined): readonly number[] | undefined {
  const made = node.kind === "project" ? node.columns : node.kind === "aggregate" ? node.keys : undefined;
  if (made === undefined) return hashedBy;
  const places = hashedBy?.map((index) =>
    made.findIndex((one) => one.kind === "column" && one.level === 0 && one.index === index),
  );
  return places?.includes(-1) === true ? undefined : places;
}

/** Each row of these sides by itself makes rows of the join: what it meets is the other side whole. */
const dividedSides: Readonly<Record<Plan<"join">["how"], readonly ("left" | "right")[]>> = {
  inner: ["left", "right"],
  cross: ["left", "right"],
  left: ["left"],
  semi: ["left"],
  anti: ["left"],
  right: ["right"],
  full: [],
};

/** A join whose large slices several tasks may share. Not where a side of it is more than rows that have just met. */
function divided(part: Part, { how }: Plan<"join">): Part {
  const [branch] = part.branches;
  if (branch?.source.kind !== "slices" || branch.plan.kind !== "join") return part;
  const { left, right } = branch.plan;
  if (left.kind !== "input" || right.kind !== "input") return part;
  const divisible = dividedSides[how].map((side) => (side === "left" ? left : right).name);
  return { ...part, branches: [{ ...branch, source: { ...branch.source, divisible } }] };
}

/** Rows with equal keys stay in one task, since something relies on it. */
function undivided(part: Part): Part {
  const branches = part.branches.map((branch): Branch => {
    if (branch.source.kind !== "slices") return branch;
    return { ...branch, source: { ...branch.source, divisible: undefined } };
  });
  return { ...part, branches };
}

/** The positions of columns; undefined where one is more than a column. */
function columnsOf(keys: readonly Resolved[]): readonly number[] | undefined {
  const indexes = keys.flatMap((key) => (key.kind === "column" && key.level === 0 ? [key.index] : []));
  return indexes.length === keys.length ? indexes : undefined;
}

/** Whether rows with these keys equal are in one task already: those that say in which task are among them. */
function haveMet({ hashedBy }: Part, keys: readonly Resolved[]): boolean {
  return hashedBy !== undefined && keyPlaces({ hashedBy }, keys) !== undefined;
}

/** Which of the keys say in which task a row is, in the order in which they do. */
function keyPlaces({ hashedBy }: Pick<Part, "hashedBy">, keys: readonly Resolved[]): readonly number[] | undefined {
  const places = hashedBy?.map((index) =>
    keys.findIndex((key) => key.kind === "column" && key.level === 0 && key.index === index),
  );
  return places === undefined || places.length === 0 || places.includes(-1) ? undefined : places;
}

/** Keys as bytes in their order. */
const sampleSchema: Schema = [{ name: "key", type: binaryType, nullable: false }];

function inputOf({ name, schema }: StageRead): Extract<ResolvedPlan, { kind: "input" }> & { readonly schema: Schema } {
  return { kind: "input", name, schema };
}

function withLeaf(
  plan: ResolvedPlan,
  { name, leaf }: { readonly name: string; readonly leaf: LeafPlan },
): ResolvedPlan {
  if (plan.kind === "input" && plan.name === name) return leaf;
  return mapPlan(plan, (input) => withLeaf(input, { name, leaf }));
}

const unsteady: ReadonlySet<string> = new Set(["rand", "randn", "monotonically_increasing_id"]);

/** Whether it depends on which other rows there are before it. */
function isUnsteady(one: Resolved): boolean {
  return one.kind === "call" && unsteady.has(one.name);
}

/** Whether it needs more than its own row. */
function isWhole(one: Resolved): boolean {
  return isUnsteady(one) || one.kind === "window" || one.kind === "subquery" || one.kind === "inSubquery";
}

/** By what rows must meet for all windows of a node: undefined where it has none, no key where one window sees all rows. */
function windowKeys(expressions: readonly Resolved[]): readonly Resolved[] | undefined {
  const windows: Extract<Resolved, { kind: "window" }>[] = [];
  for (const expression of expressions) {
    someExpression(expression, (one) => {
      if (one.kind === "window") windows.push(one);
      return false;
    });
  }
  const [first, ...rest] = windows;
  return first?.partitionBy.filter((key) => {
    const text = JSON.stringify(key);
    return rest.every(({ partitionBy }) => partitionBy.some((other) => JSON.stringify(other) === text));
  });
}
