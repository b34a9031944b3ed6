// Runs tests over a core with mutants in it, for bench/mutants.ts, which ends this process where they do not end.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import type { TestsOrder, TestsOutcome } from "./mutants/tests.ts";

const config = fileURLToPath(new URL("mutants/vitest.config.ts", import.meta.url));
const vitest = await createVitest({ config, watch: false, reporters: [{}] });
const specifications = await vitest.globTestSpecifications();

async function outcomeOf({ mutant, files }: TestsOrder): Promise<TestsOutcome> {
  vitest.provide("activeMutant", mutant ?? "");
  const asked = specifications.filter(({ moduleId }) => files.some((file) => moduleId.includes(file)));
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(asked);
  for (const module of testModules) {
    const { moduleId: file } = module;
    for (const { fullName: test } of module.children.allTests("failed")) return { failed: { test, file } };
    for (const { message: test } of module.errors()) return { failed: { test, file } };
  }
  const [error] = unhandledErrors;
  return error === undefined ? {} : { failed: { test: "an error outside of tests", file: files[0] ?? "" } };
}

process.on("message", (order: TestsOrder) => void outcomeOf(order).then((outcome) => process.send?.(outcome)));
process.send?.({} satisfies TestsOutcome);
