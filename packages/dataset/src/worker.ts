/**
 * The tasks of this package, as the runtime finds them on every kind of executor.
 *
 * @module
 */
export { runRddStage } from "./rdd/run-stage.ts";
export { runFragment } from "./engine/fragment-task.ts";
