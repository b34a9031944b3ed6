import { fileURLToPath } from "node:url";
import { startChild, type Child } from "./child.ts";
import { endless } from "./simulator.ts";

export interface TestsOrder {
  readonly mutant: string | undefined;
  /** Parts of their names. */
  readonly files: readonly string[];
}

export interface TestsOutcome {
  readonly failed?: { readonly test: string; readonly file: string } | undefined;
}

/** The tests that the core has a part in, and that take no seeds, over a core with all mutants in it. */
export interface Tests {
  /** The first that fails in these folders. It fails once more, and passes without the mutant. */
  failing(mutant: string | undefined, folder: TestFolder): Promise<string | undefined>;
  close(): void;
}

/** Those of the core take a fraction of what those of the driver take, which have real clocks. */
export type TestFolder = "test/core" | "test/driver";

const script = fileURLToPath(new URL("../mutant-tests.ts", import.meta.url));

/** `loadedWith`: the mutant that is active while the core is loaded. */
export async function startTests(textsFile: string, loadedWith?: string): Promise<Tests> {
  const env = { MUTANT_TEXTS: textsFile, __STRYKER_ACTIVE_MUTANT__: loadedWith ?? "" };
  const start = async (): Promise<Child<TestsOrder, TestsOutcome>> => startChild({ script, env });
  let child = await start();
  const run = async (order: TestsOrder): Promise<TestsOutcome> => {
    const answer = await child.ask(order);
    if (typeof answer !== "string") return answer;
    child = await start();
    return { failed: { test: answer === "late" ? endless : "the process ended", file: order.files[0] ?? "" } };
  };
  return {
    failing: async (mutant, folder) => {
      const { failed } = await run({ mutant, files: [folder] });
      if (failed === undefined || mutant === undefined) return failed?.test;
      const files = [failed.file];
      if (loadedWith === undefined && (await run({ mutant: undefined, files })).failed !== undefined) {
        // What the mutant left behind, or one of those before it.
        child.close();
        child = await start();
      }
      return (await run({ mutant, files })).failed?.test;
    },
    close: () => child.close(),
  };
}
