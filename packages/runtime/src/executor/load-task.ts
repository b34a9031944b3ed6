import type { TaskModule } from "../core/job.ts";
import type { TaskFunction } from "../core/task.ts";
import { RuntimeError } from "../runtime-error.ts";

/** Imports the module that holds a stage's code. Modules are cached by Node, so a second call costs a lookup. */
export async function loadTask(module: TaskModule, exportName: string): Promise<TaskFunction> {
  const exports = (await import(module.url)) as Readonly<Record<string, unknown>>;
  const task = exports[exportName];
  if (typeof task !== "function") {
    throw new RuntimeError("invalid-argument", `${module.specifier} exports no task named ${exportName}`);
  }
  return task as TaskFunction;
}
