import { errorCodes } from "../protocol/error-codes.ts";
import { permissions } from "../protocol/opcodes.ts";
import type { ReconfigRequest } from "../protocol/requests.ts";
import { changeConfig, formatConfig, parseConfig, votersOf } from "./ensemble-config.ts";
import { may, nextVersion, type PrepareContext, reject } from "./prepare-context.ts";
import type { ErrorTxn, SetDataTxn } from "./txn.ts";
import { specialPaths } from "./zookeeper-path.ts";

const anyConfig = -1n;

/**
 * The new configuration is the new content of its node; consensus takes it from there. Errors come in ZooKeeper's order:
 * what is wrong with the request is said to everybody, and only a good one is asked for its permission.
 */
export function prepareReconfig(request: ReconfigRequest, context: PrepareContext): SetDataTxn | ErrorTxn {
  const { rules, sessions, sessionId, serverId, tree, outstanding, zxid, timeMs, membership } = context;
  if (!rules.reconfigEnabled) return reject(errorCodes.reconfigDisabled);
  const problem = sessions.problem(sessionId, serverId);
  if (problem !== undefined) return reject(problem);
  const path = specialPaths.config;
  const applied = tree.get(path);
  const view = outstanding.get(path);
  const { servers, version: current } = parseConfig(new TextDecoder().decode(applied?.data ?? new Uint8Array(0)));
  if (servers.size === 0 || applied === undefined || view === undefined || membership === undefined) {
    return reject(errorCodes.unimplemented);
  }
  if (view.version !== applied.version || membership.isChanging) return reject(errorCodes.reconfigInProgress);
  if (request.curConfigId !== anyConfig && request.curConfigId !== current) return reject(errorCodes.badVersion);
  const next = changeConfig(servers, request);
  if (next === undefined || votersOf(next).length === 0) return reject(errorCodes.badArguments);
  if (!membership.hasQuorumInStep(votersOf(next))) return reject(errorCodes.newConfigNoQuorum);
  if (!may(context, view.acl, permissions.write)) return reject(errorCodes.noAuth);
  const data = new TextEncoder().encode(formatConfig(next, zxid));
  const version = nextVersion(view.version, -1) ?? 0;
  outstanding.put(path, { ...view, version, dataBytes: data.length, mtimeMs: timeMs }, zxid);
  return { type: "setData", path, data, version };
}
