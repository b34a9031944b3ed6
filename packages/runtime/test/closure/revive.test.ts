import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual, promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { captureClosures } from "../../src/closure/capture.ts";
import { reviveClosures } from "../../src/closure/revive.ts";

const run = promisify(execFile);

test("bytes that are no closure are a wrong argument", async () => {
  await expect(reviveClosures(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ code: "invalid-argument" });
});

test("a closure that a newer engine wrote is refused, with both versions", async () => {
  const bytes = captureClosures([() => 1]).bytes.slice();
  const formatOffset = 4 + bytes[3]! + 1;
  bytes[formatOffset] = 200;
  await expect(reviveClosures(bytes)).rejects.toMatchObject({ refusal: { reason: "E_ENGINE" } });
  await expect(reviveClosures(bytes)).rejects.toThrow(process.version);
});

test("a closure of another version of the format is refused", async () => {
  const bytes = captureClosures([() => 1]).bytes.slice();
  bytes[2] = 200;
  await expect(reviveClosures(bytes)).rejects.toMatchObject({ refusal: { reason: "E_ENGINE" } });
});

test("a module that is not there is an error before anything is built", async () => {
  const { bytes } = captureClosures([() => 1, pathToFileURL]);
  const text = Buffer.from(bytes).toString("latin1").replace("node:url", "node:xyz");
  await expect(reviveClosures(Buffer.from(text, "latin1"))).rejects.toThrow("node:xyz");
});

test("data of a hook that leads back to its instance is refused rather than given by half", async () => {
  class Knot {
    readonly self = { knot: this as unknown };
    [Symbol.for("tutti.serialize")](): unknown {
      return this.self;
    }
    static [Symbol.for("tutti.deserialize")](): Knot {
      return new Knot();
    }
  }
  const knot = new Knot();
  const { bytes } = captureClosures([() => knot]);
  await expect(reviveClosures(bytes)).rejects.toMatchObject({ refusal: { reason: "E_UNSERIALIZABLE" } });
});

test("bare and relative imports mean what they mean in the file that has them", { timeout: 20_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-imports-"));
  const dual = join(folder, "node_modules", "dual");
  await mkdir(dual, { recursive: true });
  const exports = { import: "./module.mjs", require: "./common.cjs" };
  await writeFile(join(dual, "package.json"), JSON.stringify({ name: "dual", exports }));
  await writeFile(join(dual, "module.mjs"), "export const kind = 'module';");
  await writeFile(join(dual, "common.cjs"), "exports.kind = 'common';");
  await writeFile(join(folder, "near.mjs"), "export const near = 'near';");
  const sources = new URL("../../src/closure/", import.meta.url);
  await writeFile(
    join(folder, "program.mjs"),
    `import { kind } from "dual";
    import { near } from "./near.mjs";
    import { captureClosures } from "${new URL("capture.ts", sources).href}";
    import { reviveClosures } from "${new URL("revive.ts", sources).href}";
    const later = async () => (await import("dual")).kind;
    const { bytes } = captureClosures([() => [kind, near], later]);
    const [read, again] = await reviveClosures(bytes);
    console.log(...read(), await again());`,
  );
  const { stdout, stderr } = await run(process.execPath, ["--conditions=@tutti/source", join(folder, "program.mjs")]);
  await rm(folder, { recursive: true });
  expect([stdout, stderr]).toEqual(["module near module\n", ""]);
});

test("any plain value arrives as it was", async () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  await fc.assert(
    fc.asyncProperty(anything, async (value) => {
      const [read] = await reviveClosures(captureClosures([() => value]).bytes);
      return isDeepStrictEqual((read as () => unknown)(), value);
    }),
    { numRuns: 200 },
  );
});
