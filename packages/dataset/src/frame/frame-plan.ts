import { DatasetError } from "../dataset-error.ts";
import type { PlanNode } from "../plan/plan-node.ts";
import { shorten } from "../shorten.ts";

const plans = new WeakMap<object, PlanNode>();

/** Frames are known by their plans, without anybody importing their class. */
export function registerFrame(frame: object, plan: PlanNode): void {
  plans.set(frame, plan);
}

/** The plan of a frame, or `invalid-argument`. */
export function planOf(operation: string, frame: unknown): PlanNode {
  const plan = findPlan(frame);
  if (plan !== undefined) return plan;
  throw new DatasetError("invalid-argument", `${operation} needs a frame; it was given ${shorten(frame)}`);
}

export function findPlan(frame: unknown): PlanNode | undefined {
  return typeof frame === "object" && frame !== null ? plans.get(frame) : undefined;
}
