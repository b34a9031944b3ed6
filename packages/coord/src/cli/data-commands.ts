import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CoordError } from "../coord-error.ts";
import { importDataDirectory } from "../server/import-data.ts";
import { exitCodes } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";

type Say = (text: string) => void;

const importHelp = `usage: tutti-coord import SOURCE --config zoo.cfg [--log-source DIR]

Puts what Apache ZooKeeper has left on disk, or a backup, into the data directory that zoo.cfg names. The server must not
be running and its directory must be empty. SOURCE is ZooKeeper's dataDir, --log-source its dataLogDir where it has one.
Each server of an ensemble is given the same SOURCE before the first one starts. Refuses what has gaps.
`;

const backupHelp = `usage: tutti-coord backup DIRECTORY --admin http://host:port --auth digest:super:password

Writes all nodes and sessions of one moment into DIRECTORY, while the server serves. What it writes is a data directory
for \`import\` and for Apache ZooKeeper. The server needs admin.serverPort and a super user.
`;

/** Gives the exit code. Throws `invalid-options` for what is left out. */
export async function runImport(given: readonly string[], say: Say): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    options: { config: { type: "string" }, "log-source": { type: "string" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  const [source] = positionals;
  if (values.help === true || source === undefined || positionals.length > 1 || values.config === undefined) {
    say(importHelp);
    return values.help === true ? exitCodes.ok : exitCodes.usage;
  }
  const configured = await readConfig(values.config, process.env);
  const { dataDir } = configured.options;
  if (dataDir === undefined) throw new CoordError("invalid-options", "dataDir is missing");
  const logSource = values["log-source"];
  const imported = await importDataDirectory({
    source,
    dataDir,
    ...(logSource === undefined ? {} : { logSource }),
    ...(configured.kind === "member" ? { id: configured.options.id, servers: configured.servers } : {}),
  });
  const zxid = `0x${imported.lastZxid.toString(16)}`;
  say(`${imported.nodeCount} nodes and ${imported.sessionCount} sessions up to ${zxid} are in ${dataDir}\n`);
  return exitCodes.ok;
}

async function fetchSnapshot(admin: string, authorization: string): Promise<Response> {
  const response = await fetch(new URL("/commands/snapshot", admin), { headers: { authorization } }).catch(
    (cause: unknown) => {
      throw new CoordError("connection-lost", `${admin} does not answer`, { cause });
    },
  );
  if (response.ok) return response;
  const why = response.status === 403 || response.status === 401 ? "auth-failed" : "unimplemented";
  throw new CoordError(why, `${admin} answers ${response.status}: ${(await response.text()).trim()}`);
}

export async function runBackup(given: readonly string[], say: Say): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    options: { admin: { type: "string" }, auth: { type: "string" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  const [directory] = positionals;
  const { admin, auth } = values;
  if (values.help === true || directory === undefined || admin === undefined || auth === undefined) {
    say(backupHelp);
    return values.help === true ? exitCodes.ok : exitCodes.usage;
  }
  const response = await fetchSnapshot(admin, auth.replace(":", " "));
  const zxid = BigInt(response.headers.get("last_zxid") ?? "0");
  const place = join(directory, "version-2");
  await mkdir(place, { recursive: true });
  const file = join(place, `snapshot.${zxid.toString(16)}`);
  // The name never stands for half a file.
  await writeFile(`${file}.tmp`, new Uint8Array(await response.arrayBuffer()), { flush: true });
  await rename(`${file}.tmp`, file);
  say(`${file}\n`);
  return exitCodes.ok;
}
