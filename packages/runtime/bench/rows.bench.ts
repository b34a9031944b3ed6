import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { decodeRows, encodeRows } from "../src/shuffle/rows-codec.ts";

const rowCount = 200_000;

const shapes: Readonly<Record<string, (index: number) => unknown>> = {
  numbers: (index) => index * 1.5,
  "pairs of text and number": (index) => [`key ${index % 5000}`, index],
  "objects of six fields": (index) => ({
    id: index,
    name: `name ${index}`,
    price: index / 7,
    isOpen: index % 2 === 0,
    day: `2026-01-${index % 28}`,
    amount: index % 100,
  }),
};

/** `npm run bench -- rows`: rows to bytes and back, beside structured clone, which is what threads offer by themselves. */
export const benchmark: Benchmark = {
  name: "rows",
  open: () => ({
    cases: Object.entries(shapes).map(([name, make]): BenchmarkCase => {
      const rows = Array.from({ length: rowCount }, (_, index) => make(index));
      return {
        name: `${name}, there and back`,
        unit: "rows",
        unitCount: rowCount,
        reference: "structuredClone",
        targetRatioMax: 1,
        runOurs: () => decodeRows(encodeRows(rows)).length,
        runReference: () => structuredClone(rows).length,
      };
    }),
  }),
};
