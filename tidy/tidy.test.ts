import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findingsIn } from "./rules.ts";

const root = path.resolve(import.meta.dirname, "..");
const sources = globSync(["packages/*/src/**/*.ts", "examples/*/src/**/*.ts", "scripts/*.ts", "tidy/*.ts"], {
  cwd: root,
});

test("every source file is tidy", { timeout: 60_000 }, () => {
  const findings = sources
    .filter((file) => !file.startsWith("tidy/"))
    .flatMap((file) =>
      findingsIn(file, readFileSync(path.join(root, file), "utf8")).map(
        ({ rule, line, message }) => `${file}:${line} [${rule}] ${message}`,
      ),
    );
  expect(sources.length).toBeGreaterThan(20);
  expect(findings).toEqual([]);
});

test("packages that are bundled into others stay small", () => {
  const lines = globSync("packages/stdx/src/*.ts", { cwd: root }).map(
    (file) => readFileSync(path.join(root, file), "utf8").split("\n").length,
  );
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(600);
});

describe("tidy finds", () => {
  const pure = "packages/consensus/src/core/step.ts";
  const edge = "packages/consensus/src/node/disk.ts";
  const planted: readonly (readonly [what: string, file: string, text: string, rule: string])[] = [
    ["a clock in a pure folder", pure, "export const at = Date.now();", "purity"],
    ["a date of this moment in a pure folder", pure, "export const at = new Date();", "purity"],
    ["chance in a pure folder", pure, "export const dice = (): number => Math.random();", "purity"],
    ["a timer in a pure folder", pure, "setTimeout(() => 1, 2);", "purity"],
    ["a promise in a pure folder", pure, "export async function f(): Promise<void> {}", "purity"],
    ["an export of everything", edge, 'export * from "./a.ts";', "exports"],
    ["a default export", edge, "export default 1;", "exports"],
    ["an enum", edge, "export enum A { B }", "syntax"],
    ["a namespace", edge, "export namespace A { export const b = 1; }", "syntax"],
    ["a declaration that Node.js 22 cannot parse", edge, "using a = b();", "syntax"],
    ["the same, awaited", edge, "await using a = b();", "syntax"],
    ["a class that is an emitter", edge, "class A extends EventEmitter {}", "syntax"],
    ["a function that is too long", edge, `function f(): void {\n${"f();\n".repeat(70)}}`, "function-size"],
    ["a file that is too long", edge, "\n".repeat(601), "file-size"],
    ["a file name that says nothing", "packages/coord/src/utils.ts", "", "file-name"],
    ["a file name in another case", "packages/coord/src/someThing.ts", "", "file-name"],
    ["work left for later without a number", edge, "// TODO: more", "words"],
    ["an apology", edge, "// FIXME", "words"],
  ];
  test.each(planted)("%s", (_, file, text, rule) => {
    expect(findingsIn(file, text).map((finding) => finding.rule)).toContain(rule);
  });

  test("nothing where the words stand in comments and texts only", () => {
    expect(findingsIn(pure, '// Never calls Date.now().\nexport const text = "await setTimeout";')).toEqual([]);
    expect(findingsIn(edge, "export const at = Date.now();")).toEqual([]);
  });
});
