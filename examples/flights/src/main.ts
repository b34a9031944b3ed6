// Three million flights on a cluster of processes. While it counts, a worker, the leading master and a server are killed;
// the answers must be those of one process all the same.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { createContext } from "@tutti/dataset";
import { showProgress } from "@tutti/runtime";
import { connectCluster } from "@tutti/runtime/cluster";
import { analyse, type Answers } from "./analysis.ts";
import { disturb } from "./chaos.ts";
import { startCluster } from "./cluster.ts";
import { help, readOptions, type Options } from "./options.ts";
import { printTable } from "./table.ts";
import { evidenceOf, readEvents, timelineOf, type Kill } from "./timeline.ts";

const startedAtMs = Date.now();
const tell = (line: string): void => {
  console.log(`${((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${line}`);
};

async function main(options: Options): Promise<boolean> {
  const directory = await mkdtemp(path.join(tmpdir(), "tutti-flights-"));
  try {
    const { answers, kills, eventLog } = await analyseOnCluster(directory, options);
    const alone = createContext();
    const expected = await analyse(alone);
    await alone.close();
    const isEqual = isDeepStrictEqual(answers, expected);
    tell(`one process alone ${isEqual ? "gives the same answers" : "GIVES OTHER ANSWERS"}\n`);
    printAnswers(answers);

    const events = await readEvents(eventLog);
    console.log("What happened\n");
    for (const line of timelineOf(events, kills, startedAtMs)) console.log(line);
    if (!options.isDisturbed) return isEqual;
    const { reassigned, recomputed, carriedOver } = evidenceOf(events, kills);
    console.log(
      `\n${reassigned} tasks of the killed worker were given to others, and ${recomputed} of its outputs made again;`,
    );
    console.log(`${carriedOver} tasks ran on while no master led, and counted under the next one`);
    return isEqual && reassigned > 0 && recomputed > 0 && carriedOver > 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface ClusterRun {
  readonly answers: Answers;
  readonly kills: readonly Kill[];
  readonly eventLog: string;
}

async function analyseOnCluster(directory: string, { workerCount, isDisturbed }: Options): Promise<ClusterRun> {
  const cluster = await startCluster(directory, workerCount, tell);
  try {
    const { coord, sessionTimeoutMs, eventLog } = cluster;
    const executor = await connectCluster(coord, { sessionTimeoutMs, slotsMin: workerCount });
    const kills = isDisturbed ? disturb(executor.events, cluster, tell) : [];
    if (process.stderr.isTTY) showProgress(executor.events, process.stderr);
    executor.events.on("workerLost", ({ worker, reason }) => tell(`worker ${worker} is lost: ${reason}`));
    // The file is small: by itself the frame would be read here.
    const tutti = createContext({ executor, partitionedPlans: "always" });
    const answers = await analyse(tutti);
    tell("the cluster has answered");
    await tutti.close();
    return { answers, kills, eventLog };
  } finally {
    await cluster.stop();
  }
}

function printAnswers({ lateHours, busyAirports, distances }: Answers): void {
  printTable(
    "Where and when flights leave latest",
    ["airport", "hour", "flights", "mean delay, minutes"],
    lateHours.map(({ place, flights, meanDelay }) => [...place.split(" "), flights, meanDelay.toFixed(1)]),
  );
  printTable("The busiest airports", ["airport", "flights from and to"], busyAirports);
  printTable(
    "Delays by distance",
    ["thousand miles", "flights", "mean delay, minutes"],
    distances.map(({ kilomiles, flights, meanDelay }) => [kilomiles, flights, meanDelay.toFixed(1)]),
  );
}

const options = readOptions(process.argv.slice(2));
if (options === undefined) {
  console.log(help);
} else {
  const went = await main(options);
  console.log(
    `\n${went ? "all as it should be" : "NOT AS IT SHOULD BE"}, in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`,
  );
  process.exitCode = went ? 0 : 1;
}
