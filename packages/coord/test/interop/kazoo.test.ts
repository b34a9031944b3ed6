import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { afterAll, test } from "vitest";
import { contend } from "./contend.ts";
import { closeApache } from "./target.ts";

const python = "/usr/bin/python3";
const hasKazoo = spawnSync(python, ["-c", "import kazoo"]).status === 0;
const contender = path.join(import.meta.dirname, "kazoo-contender.py");

afterAll(closeApache);

for (const names of ["curator", "kazoo"] as const) {
  test.skipIf(!hasKazoo)(
    `a kazoo process and we take one lock in turns, under ${names}'s names`,
    { timeout: 60_000 },
    () => contend((args) => spawn(python, [contender, ...args], { stdio: "inherit" }), { names, id: "tutti" }),
  );
}
