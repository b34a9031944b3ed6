import { ConsensusError } from "../consensus-error.ts";
import type { Disk } from "../ports/disk.ts";

/** In which a directory says to which ensemble it belongs; whoever names none has none. */
const fileName = "cluster";
const temporaryName = "cluster.tmp";

/**
 * Refuses the directory of another ensemble before anything in it changes: a disk that is mounted in the wrong place must not be
 * taken for a member's, whose votes it would cast. Returns what is left to do when it was opened: a directory that says nothing
 * is marked. A transport that knows no names asks nothing.
 */
export async function checkCluster(disk: Disk, cluster: string | undefined): Promise<() => Promise<void>> {
  if (cluster === undefined) return async () => undefined;
  const bytes = await disk.read(fileName);
  const known = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  if (bytes !== undefined && known !== cluster) {
    const wanted = cluster === "" ? "to one without a name" : `to ${JSON.stringify(cluster)}`;
    throw new ConsensusError(
      "storage-foreign",
      `the directory belongs to the ensemble ${JSON.stringify(known)}, not ${wanted}: give it to its own, or name that ensemble`,
    );
  }
  return async () => {
    if (known === cluster) return;
    const file = await disk.open(temporaryName);
    await file.write(new TextEncoder().encode(cluster), 0);
    await file.sync();
    await file.close();
    await disk.rename(temporaryName, fileName);
    await disk.syncDirectory();
  };
}
