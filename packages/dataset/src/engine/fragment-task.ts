import type { TaskContext, TaskOutput } from "@tutti/runtime";

/** A task of SQL. The engine is loaded when the first comes: workers that run RDDs alone never pay for it. */
export async function runFragment(context: TaskContext): Promise<TaskOutput> {
  const { runSqlFragment } = await import("./run-fragment.ts");
  return await runSqlFragment(context);
}
