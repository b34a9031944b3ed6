import type { Pipeline } from "../pipeline/pipeline.ts";
import { adminPages, type HttpPort, metricsPages, openHttpPort } from "./admin/http-port.ts";
import {
  type ClientPort,
  createAdmission,
  openClientPort,
  openSecurePort,
  type SecureClientPort,
} from "./client-port.ts";
import type { ResolvedOptions } from "./server-options.ts";
import type { ServerPlace } from "./server-place.ts";

/** Where a server listens: at least for plain or for secure clients. */
export interface ServerPorts {
  readonly plain: ClientPort | undefined;
  readonly secure: SecureClientPort | undefined;
  readonly admin: HttpPort | undefined;
  readonly metrics: HttpPort | undefined;
  close(): Promise<void>;
}

/** Opens all of them, or none and says which one could not be had. `place` is asked when an operator asks. */
export async function openPorts(
  pipeline: Pipeline,
  options: ResolvedOptions,
  place: () => ServerPlace,
): Promise<ServerPorts> {
  const { tls, admin, metrics } = options;
  const client = { pipeline, options, admission: createAdmission(pipeline, options) };
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((port) => port.close()));
  };
  const keep = async <Port extends { close(): Promise<void> }>(opening: Promise<Port>): Promise<Port> => {
    const port = await opening;
    opened.push(port);
    return port;
  };
  try {
    return {
      plain: tls?.isOnly === true ? undefined : await keep(openClientPort(client)),
      secure: tls === undefined ? undefined : await keep(openSecurePort(client, tls)),
      admin: admin === undefined ? undefined : await keep(openHttpPort(admin, adminPages(place))),
      metrics: metrics === undefined ? undefined : await keep(openHttpPort(metrics, metricsPages(place))),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
