import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The version whose behaviour is ours. */
const version = "3.9.4";
const cache = fileURLToPath(new URL("../../../../node_modules/.cache/", import.meta.url));
const fetchMsMax = 120_000;

interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

function pomOf(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(({ group, name, version: wanted }) => {
    const place = `<groupId>${group}</groupId><artifactId>${name}</artifactId>`;
    return `<dependency>${place}<version>${wanted}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>tutti</groupId><artifactId>interop</artifactId><version>1</version>
<dependencies>${dependencies.join("")}</dependencies></project>`;
}

export type Fetched = { readonly classPath: string } | { readonly missing: string };

/** Artifacts with all that they need, kept for the next time. */
function fetchFromMaven(title: string, artifacts: readonly Artifact[]): Fetched {
  for (const program of ["java", "mvn"]) {
    if (spawnSync(program, ["-version"]).status !== 0) return { missing: `there is no ${program} here` };
  }
  const directory = path.join(cache, title);
  const lib = path.join(directory, "lib");
  if (!existsSync(lib)) {
    const staging = `${directory}-${process.pid}`;
    mkdirSync(staging, { recursive: true });
    writeFileSync(path.join(staging, "pom.xml"), pomOf(artifacts));
    const goal = ["dependency:copy-dependencies", "-DoutputDirectory=fetched"];
    const { status } = spawnSync("mvn", ["-q", "-B", ...goal], { cwd: staging, timeout: fetchMsMax, stdio: "ignore" });
    const fetched = path.join(staging, "fetched");
    if (status === 0 && existsSync(fetched) && readdirSync(fetched).length > 0) {
      mkdirSync(directory, { recursive: true });
      renameSync(fetched, lib);
    }
    rmSync(staging, { recursive: true, force: true });
  }
  return existsSync(lib) ? { classPath: `${lib}/*` } : { missing: `Maven could not fetch ${title}: no network?` };
}

/** Apache ZooKeeper 3.9: ZOOKEEPER_CLASSPATH, or from Maven. */
export function fetchApache(): Fetched {
  const given = process.env["ZOOKEEPER_CLASSPATH"];
  if (given !== undefined) return { classPath: given };
  return fetchFromMaven(`zookeeper-${version}`, [
    { group: "org.apache.zookeeper", name: "zookeeper", version },
    { group: "io.dropwizard.metrics", name: "metrics-core", version: "4.1.12.1" },
    { group: "org.xerial.snappy", name: "snappy-java", version: "1.1.10.5" },
  ]);
}

/** The last one that knows no persistent watches. */
const oldVersion = "3.5.10";

export function fetchOldApache(): Fetched {
  return fetchFromMaven(`zookeeper-${oldVersion}`, [
    { group: "org.apache.zookeeper", name: "zookeeper", version: oldVersion },
  ]);
}

const curatorVersion = "5.7.1";

/** Curator's recipes, for a Java program that contends with us. */
export function fetchCurator(): Fetched {
  return fetchFromMaven(`curator-${curatorVersion}`, [
    { group: "org.apache.curator", name: "curator-recipes", version: curatorVersion },
  ]);
}
