import { expect, test } from "vitest";
import type { AnyFunction } from "../../src/core/job.ts";
import { withBindings } from "../../src/closure/bindings.ts";
import { captureClosures } from "../../src/closure/capture.ts";
import { FunctionReader } from "../../src/closure/function-reader.ts";
import { reviveClosures } from "../../src/closure/revive.ts";
import { GraphWriter } from "../../src/closure/walk.ts";
import { encodeGraph } from "../../src/closure/wire.ts";

declare const unit: string;

/** Captures as an engine without inspector would. */
function captureWithoutInspector(fn: AnyFunction): Uint8Array {
  return encodeGraph(new GraphWriter(new FunctionReader(undefined)).write([fn]));
}

test("bindings stand for the variables of a function", async () => {
  const scale = withBindings((x: number) => `${x}${unit}`, { unit: "km" });
  const [revived] = await reviveClosures(captureClosures([scale]).bytes);
  expect((revived as typeof scale)(42)).toBe("42km");
});

test("bindings win over the live variables", async () => {
  const factor = 2;
  const scale = withBindings((x: number) => x * factor, { factor: 3 });
  const [revived] = await reviveClosures(captureClosures([scale]).bytes);
  expect([scale(14), (revived as typeof scale)(14)]).toEqual([28, 42]);
});

test("functions with bindings travel where there is no inspector", async () => {
  const helper = withBindings((x: number) => x + 1, {});
  const outer = withBindings((x: number) => helper(x) * Math.max(1, 2), { helper });
  const [revived] = await reviveClosures(captureWithoutInspector(outer));
  expect((revived as typeof outer)(20)).toBe(42);
});

test("without inspector and bindings a function is refused, and bindings are named as the way out", () => {
  expect(() => captureWithoutInspector(() => 1)).toThrow(/E_ENGINE.*withBindings/);
});

test("a variable missing from the bindings is named", () => {
  const fn = withBindings(() => unit, {});
  expect(() => captureClosures([fn])).toThrow(/E_UNRESOLVED/);
  expect(() => captureClosures([fn])).toThrow(/"unit"/);
});

test("bindings do not excuse what the text of a function forbids", () => {
  let n = 0;
  expect(() => captureClosures([withBindings(() => n++, { n: 1 })])).toThrow(/E_WRITE/);
});

test("bindings are for functions", () => {
  expect(() => withBindings({} as never, {})).toThrow(expect.objectContaining({ code: "invalid-argument" }) as Error);
});
