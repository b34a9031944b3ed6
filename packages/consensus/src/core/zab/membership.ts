import { unnamedClient } from "../entry.ts";
import { log, nextPosition } from "./broadcast.ts";
import { isVoter, request, type Leading, type ZabState } from "./zab-state.ts";

// Changes of members (consensus reference 2.8; joint consensus). The first entry of a change is a request's; what it
// leads to is its leader's duty, and that of every leader after it.

/**
 * A change that a quorum of the old and of the new voters has logged is finished by an entry that names the new ones
 * alone. When that is committed, by them alone, a leader that is none of them has no more to do.
 */
export function considerMembers(state: ZabState, leading: Leading): void {
  const { configuration } = state.log;
  if (leading.phase !== "broadcast" || configuration.position > state.committed) return;
  if (configuration.outgoing === undefined) {
    if (!isVoter(state)) request(state, { to: "looking", reason: "no longer a voter" });
    return;
  }
  const zxid = nextPosition(state, leading);
  if (zxid === undefined) return;
  const { voters, observers } = configuration;
  log(state, leading, {
    zxid,
    kind: "config",
    client: unnamedClient,
    sequence: 0,
    payload: new Uint8Array(0),
    configuration: { voters, observers, outgoing: undefined },
  });
}
