import { explainPlan, keyText, resolvedText } from "../plan/explain-plan.ts";
import type { Branch, PhysicalPlan, StageOutput, StageRead } from "./physical-plan.ts";

/** Stages as people read them: what each reads, does, and where its rows go. */
export function explainStages({ stages }: PhysicalPlan): string {
  return stages
    .map(({ branches, output }, id) => {
      const goesTo = id === stages.length - 1 ? "the result" : outputText(output);
      return `Stage ${id} -> ${goesTo}\n${branches.map(branchText).join("\n")}`;
    })
    .join("\n");
}

function branchText({ plan, source, broadcasts }: Branch): string {
  const reads = [sourceText(source), ...broadcasts.map((read) => `${readText(read)}, to every task`)];
  return `  reads ${reads.join("; ")}\n${explainPlan(plan, 1)}`;
}

function sourceText(source: Branch["source"]): string {
  switch (source.kind) {
    case "leaf":
      return `${source.name}: a part of ${explainPlan(source.leaf).split("\n")[0]}`;
    case "slices":
      return source.reads.map((read) => `${readText(read)}, ${sliceText(source, read)}`).join("; ");
    case "tasks":
      return `${readText(source.read)}, task by task`;
  }
}

function sliceText(
  { isSingle, divisible }: Extract<Branch["source"], { kind: "slices" }>,
  { name }: StageRead,
): string {
  if (isSingle) return "all of it";
  return divisible?.includes(name) === true ? "a slice, or a share of a large one" : "a slice";
}

function readText({ name, stage }: StageRead): string {
  return `${name}: stage ${stage}`;
}

function outputText(output: StageOutput): string {
  switch (output.kind) {
    case "gather":
      return "whole";
    case "hash":
      return `slices by hash of ${output.keys.map(resolvedText).join(", ")}`;
    case "sample":
      return `some keys of ${output.keys.map(keyText).join(", ")}`;
    case "range":
      return `slices in order of ${output.keys.map(keyText).join(", ")}`;
  }
}
