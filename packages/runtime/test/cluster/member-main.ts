// A member of a cluster as a process of its own: `member-main.ts <master|worker> <options as JSON>`.
import { startMaster, startWorker, type MasterOptions, type WorkerOptions } from "../../src/cluster/index.ts";

const [role = "", options = ""] = process.argv.slice(2);
const onEvent = (line: string): void => void process.stdout.write(`${line}\n`);
if (role === "master") await startMaster({ ...(JSON.parse(options) as MasterOptions), onEvent });
else await startWorker({ ...(JSON.parse(options) as WorkerOptions), onEvent });
