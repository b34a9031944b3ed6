import type { ServerOptions } from "./server-options.ts";

/** Keys of the file that are about operators. */
export const operationsKeys: ReadonlySet<string> = new Set([
  "admin.enableServer",
  "admin.serverPort",
  "admin.serverAddress",
  "metricsProvider.className",
  "metricsProvider.httpPort",
  "metricsProvider.httpHost",
  "connectionThrottleTokens",
  "connectionThrottleFillTime",
  "connectionThrottleFillCount",
]);

const adminPortDefault = 8080;
const metricsPortDefault = 7000;
const anyHost = "0.0.0.0";

function isOff(value: string | undefined): boolean {
  return value?.toLowerCase() === "false";
}

/**
 * Ports and limits, as ZooKeeper names them. The AdminServer is off until its port is named or it is switched on: it
 * tells everybody who reaches it of all clients and paths.
 */
export function operationsOf(given: ReadonlyMap<string, string>): Partial<ServerOptions> {
  const number = (key: string, missing: number): number => Number(given.get(key) ?? missing);
  const enabled = given.get("admin.enableServer");
  const hasAdmin = !isOff(enabled) && (enabled !== undefined || given.has("admin.serverPort"));
  const hasMetrics = given.has("metricsProvider.httpPort") || given.get("metricsProvider.className") !== undefined;
  const tokensMax = number("connectionThrottleTokens", 0);
  return {
    ...(hasAdmin && {
      admin: { port: number("admin.serverPort", adminPortDefault), host: given.get("admin.serverAddress") ?? anyHost },
    }),
    ...(hasMetrics && {
      metrics: {
        port: number("metricsProvider.httpPort", metricsPortDefault),
        host: given.get("metricsProvider.httpHost") ?? anyHost,
      },
    }),
    ...(tokensMax > 0 && {
      connectionThrottle: {
        tokensMax,
        fillIntervalMs: number("connectionThrottleFillTime", 1),
        fillCount: number("connectionThrottleFillCount", 1),
      },
    }),
  };
}
