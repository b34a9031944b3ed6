// Runs the tests of the coordination client and its recipes against each kind of server: alone, an ensemble, Apache's.
import { spawnSync } from "node:child_process";
import { installNativeClient } from "../packages/coord/test/interop/native-client.ts";
import { classPathOf } from "../packages/coord/test/interop/target.ts";

const folders = ["packages/coord/test/client", "packages/coord/test/recipes", "packages/coord/test/interop"];
installNativeClient();
let failedCount = 0;
let skippedCount = 0;
const targets = ["standalone", "ensemble", "apache", "apache ensemble", "apache old"] as const;
for (const target of targets) {
  const found = target === "standalone" || target === "ensemble" ? undefined : classPathOf(target);
  if (found !== undefined && "missing" in found) {
    console.log(`── ${target}: SKIPPED, ${found.missing}`);
    skippedCount += 1;
    continue;
  }
  console.log(`── ${target}`);
  // One file at a time: each may start servers in Java, which take both cores of a small machine.
  const { status } = spawnSync("vitest", ["run", "--maxWorkers=1", "--project", "coord", ...folders], {
    stdio: "inherit",
    env: { ...process.env, TUTTI_TARGET: target },
  });
  if (status !== 0) failedCount += 1;
}
console.log(
  `${targets.length - failedCount - skippedCount} targets passed, ${failedCount} failed, ${skippedCount} skipped`,
);
process.exitCode = failedCount === 0 ? 0 : 1;
