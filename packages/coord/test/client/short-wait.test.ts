import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ShortWait } from "../../src/client/short-wait.ts";

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
}

/** Sends some lone requests, each answered after so many turns of the loop; counts how often it was looked for an answer. */
async function looksFor({ requests, answerAfter }: { requests: number; answerAfter: number }): Promise<number> {
  let looks = 0;
  const wait = new ShortWait(() => {
    looks += 1;
    return true;
  });
  for (let request = 0; request < requests; request += 1) {
    wait.begin();
    await pass(answerAfter);
    wait.end();
    await pass(1);
  }
  return looks - requests;
}

test("the loop stays awake for each request that is answered soon, and no longer", async () => {
  const looks = await looksFor({ requests: 100, answerAfter: 3 });
  expect(looks).toBeGreaterThanOrEqual(300);
  expect(looks).toBeLessThanOrEqual(600);
});

test("where answers take long, it is tried ever more rarely", async () => {
  // 1 + 2 + 4 + … requests lie between two waits of 32 turns.
  expect(await looksFor({ requests: 500, answerAfter: 40 })).toBeLessThanOrEqual(9 * 34);
});

test("with more than one request under way nothing is waited for", async () => {
  let looks = 0;
  const wait = new ShortWait(() => {
    looks += 1;
    return false;
  });
  for (let request = 0; request < 10; request += 1) wait.begin();
  await pass(40);
  expect(looks).toBe(10);
});
