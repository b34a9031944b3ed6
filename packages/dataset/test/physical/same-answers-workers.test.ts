import { afterAll, beforeAll } from "vitest";
import type { Context } from "../../src/index.ts";
import { createContextOnWorkers } from "../rdd/on-workers.ts";
import { testSameAnswers } from "./same-answers.ts";

let tutti: Context;
beforeAll(async () => {
  tutti = await createContextOnWorkers({ partitionedPlans: "always", broadcastBytesMax: 0, skewedRowsMin: 0 });
}, 60_000);
afterAll(() => tutti.close());

testSameAnswers(() => [tutti], 30_000);
