import { modeOf } from "./server-mode.ts";
import type { ServerPlace } from "./server-place.ts";

/** One number that a server knows of itself, by the name that ZooKeeper gives it. */
export interface Metric {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  readonly value: number;
  readonly help: string;
}

export function metricsOf({ pipeline, startedMs }: ServerPlace): readonly Metric[] {
  const { stats, machine, watches } = pipeline;
  const gauge = (name: string, value: number, help: string): Metric => ({ name, kind: "gauge", value, help });
  const counter = (name: string, value: number, help: string): Metric => ({ name, kind: "counter", value, help });
  return [
    gauge("avg_latency", Math.round(stats.latencyAverageMs * 10_000) / 10_000, "ms from a request to its reply"),
    gauge("max_latency", stats.latencyMaxMs, "longest time from a request to its reply, in ms"),
    gauge("min_latency", stats.latencyMinMs, "shortest time from a request to its reply, in ms"),
    counter("packets_received", stats.received, "requests since the start or the last reset"),
    counter("packets_sent", stats.sent, "replies and events since the start or the last reset"),
    gauge("num_alive_connections", pipeline.connections.size, "connections of clients"),
    gauge("outstanding_requests", pipeline.outstanding, "requests that wait for their reply"),
    gauge("znode_count", machine.tree.nodeCount, "nodes of the tree"),
    gauge("watch_count", watches.count, "watches of clients of this server"),
    gauge("ephemerals_count", machine.tree.ephemeralCount, "ephemeral nodes"),
    gauge("approximate_data_size", machine.tree.approximateBytes, "bytes of all paths and data"),
    gauge("global_sessions", machine.sessions.all.size, "sessions of the ensemble"),
    gauge("uptime", Math.round(pipeline.environment.monotonicMs() - startedMs), "ms since the start"),
  ];
}

/** What only the process knows; with the names that other exporters for Node.js use. */
function processMetrics(): readonly Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  return [
    { name: "process_resident_memory_bytes", kind: "gauge", value: rss, help: "resident memory in bytes" },
    { name: "nodejs_heap_size_used_bytes", kind: "gauge", value: heapUsed, help: "heap in use in bytes" },
    {
      name: "process_cpu_seconds_total",
      kind: "counter",
      value: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
      help: "seconds of all cores",
    },
  ];
}

/** The text format of Prometheus, version 0.0.4. */
export function prometheusText(place: ServerPlace): string {
  const state = modeOf(place.replica, place.pipeline);
  const lines = [...metricsOf(place), ...processMetrics()].map(({ name, kind, value, help }) => {
    return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value}\n`;
  });
  const role = `# HELP server_state part of the server in its ensemble\n# TYPE server_state gauge\n`;
  return `${lines.join("")}${role}server_state{state="${state}"} 1\n`;
}
