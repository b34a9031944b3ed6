// Installs what the workspace needs, once for each state of the lockfile: a second call needs no network and no time.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { pnpm } from "./pnpm.mjs";

const root = new URL("../", import.meta.url);
const stamp = new URL("node_modules/.installed-lockfile", root);
const lockfileHash = createHash("sha256")
  .update(readFileSync(new URL("pnpm-lock.yaml", root)))
  .digest("hex");

// pnpm installs by itself before it runs a script (verifyDepsBeforeRun).
const calledByPnpm = process.env.npm_config_user_agent?.startsWith("pnpm/") ?? false;
const installed = existsSync(stamp) && readFileSync(stamp, "utf8") === lockfileHash;
if (!calledByPnpm && !installed) {
  // minimumReleaseAge: the committed lockfile is reviewed; asking the registry for the age of each package is not needed.
  const install = [
    "install",
    "--frozen-lockfile",
    "--prefer-offline",
    "--loglevel=warn",
    "--config.minimumReleaseAge=0",
  ];
  const status = pnpm(install);
  if (status !== 0) process.exit(status);
  writeFileSync(stamp, lockfileHash);
}
