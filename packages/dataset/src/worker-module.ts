import type { TaskModule } from "@tutti/runtime";

/** Where executors find the tasks of this package. In the sources as in the build, the module stands beside this one. */
export const workerModule: TaskModule = {
  specifier: "@tutti/dataset/worker",
  url: new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url).href,
};
