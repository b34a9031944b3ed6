import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The version whose behaviour is ours. */
const version = "3.9.4";
const cache = fileURLToPath(new URL("../../../../node_modules/.cache/", import.meta.url));
const fetchMsMax = 120_000;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tutti</groupId><artifactId>oracle</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.zookeeper</groupId><artifactId>zookeeper</artifactId><version>${version}</version></dependency>
    <dependency><groupId>io.dropwizard.metrics</groupId><artifactId>metrics-core</artifactId><version>4.1.12.1</version></dependency>
    <dependency><groupId>org.xerial.snappy</groupId><artifactId>snappy-java</artifactId><version>1.1.10.5</version></dependency>
  </dependencies>
</project>
`;

/** The class path of Apache ZooKeeper 3.9: ZOOKEEPER_CLASSPATH, or from Maven, kept for the next time. */
export function fetchApache(): { readonly classPath: string } | { readonly missing: string } {
  const given = process.env["ZOOKEEPER_CLASSPATH"];
  if (given !== undefined) return { classPath: given };
  for (const program of ["java", "mvn"]) {
    if (spawnSync(program, ["-version"]).status !== 0) return { missing: `there is no ${program} here` };
  }
  const directory = path.join(cache, `zookeeper-${version}`);
  const lib = path.join(directory, "lib");
  if (!existsSync(lib)) {
    const staging = `${directory}-${process.pid}`;
    mkdirSync(staging, { recursive: true });
    writeFileSync(path.join(staging, "pom.xml"), pom);
    const goal = ["dependency:copy-dependencies", "-DoutputDirectory=fetched"];
    const { status } = spawnSync("mvn", ["-q", "-B", ...goal], { cwd: staging, timeout: fetchMsMax, stdio: "ignore" });
    const fetched = path.join(staging, "fetched");
    if (status === 0 && existsSync(fetched) && readdirSync(fetched).length > 0) {
      mkdirSync(directory, { recursive: true });
      renameSync(fetched, lib);
    }
    rmSync(staging, { recursive: true, force: true });
  }
  return existsSync(lib)
    ? { classPath: `${lib}/*` }
    : { missing: `Maven could not fetch Apache ZooKeeper ${version}: no network?` };
}
