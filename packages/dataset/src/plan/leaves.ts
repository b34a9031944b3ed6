import type { PlanNode, ScanNode } from "./plan-node.ts";

type Leaf = (ScanNode & PlanNode) | Extract<PlanNode, { kind: "sql" }>;

/** The scans and SQL texts of a plan, those in subqueries and in other texts too; inner ones first. A plan is plain data. */
export function leavesOf(plan: PlanNode): readonly Leaf[] {
  const found = new Set<Leaf>();
  visit(plan, found, new Set());
  return [...found];
}

function visit(value: unknown, found: Set<Leaf>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  for (const child of Object.values(value)) visit(child, found, seen);
  const { kind } = value as { readonly kind?: unknown };
  if (kind === "scan" || (kind === "sql" && "parts" in value)) found.add(value as Leaf);
}
