import { isFinished, type Model, type Operation } from "./history.ts";

/** A history to draw. */
export interface PictureInput<Input, Output> {
  readonly operations: readonly Operation<Input, Output>[];
  /** Indices into `operations`, in the order in which the model could follow them; the rest is drawn as impossible. */
  readonly longest: readonly number[];
}

const rowPx = 34;
const leftPx = 90;
const widthPx = 1200;
const topPx = 40;

/**
 * A history as a picture: a row per process, a bar per operation, numbered in the longest order that the model could
 * follow; what did not fit is red. The text is one SVG element without script or link, which a browser shows by itself.
 *
 * ```ts
 * import { drawHistory, registerModel } from "@tutti/consensus/check";
 *
 * const svg = drawHistory(registerModel<number>(0), {
 *   operations: [{ process: 1, input: { kind: "read" }, output: 0, calledAt: 0, returnedAt: 1 }],
 *   longest: [0],
 * });
 * console.log(svg.startsWith("<svg")); // => true
 * ```
 */
export function drawHistory<State, Input, Output>(
  model: Pick<Model<State, Input, Output>, "name" | "explain">,
  { operations, longest }: PictureInput<Input, Output>,
): string {
  const processes = [...new Set(operations.map(({ process }) => process))];
  const times = operations.flatMap((one) => (isFinished(one) ? [one.calledAt, one.returnedAt] : [one.calledAt]));
  const first = times.reduce((least, time) => Math.min(least, time), Infinity);
  const last = times.reduce((most, time) => Math.max(most, time), -Infinity);
  const span = last > first ? last - first : 1;
  // What never returned is drawn up to the edge.
  const xOf = (time: number | undefined): number =>
    time === undefined ? leftPx + widthPx : leftPx + ((time - first) / span) * (widthPx - 40);
  const orderOf = new Map(longest.map((operation, index) => [operation, index + 1]));
  const height = topPx + processes.length * rowPx + 10;
  const rows = processes.map((process, row) => {
    const y = topPx + row * rowPx + 20;
    return `<text x="6" y="${y}">process ${escapeText(String(process))}</text>`;
  });
  const bars = operations.map((operation, index) => {
    const x = xOf(operation.calledAt);
    const width = Math.max(3, xOf(operation.returnedAt) - x);
    const y = topPx + processes.indexOf(operation.process) * rowPx;
    const order = orderOf.get(index);
    const kind = order === undefined ? (isFinished(operation) ? "bad" : "open") : "good";
    const output = isFinished(operation) ? operation.output : undefined;
    const label = escapeText(model.explain?.(operation.input, output) ?? explain(operation.input, output));
    const title = `<title>${label}, ${operation.calledAt} to ${operation.returnedAt ?? "unknown"}</title>`;
    const text = `<text x="${round(x + 4)}" y="${y + 19}">${order === undefined ? "" : `${order}. `}${label}</text>`;
    return `<g class="${kind}">${title}<rect x="${round(x)}" y="${y + 4}" width="${round(width)}" height="22" rx="3"/>${text}</g>`;
  });
  const head = `${model.name}: ${longest.length} of ${operations.length} operations have an order`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${leftPx + widthPx + 20}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<style>.good rect{fill:#cfe8d5}.bad rect{fill:#f3b7b0}.open rect{fill:#e6e6e6;stroke:#999;stroke-dasharray:3}</style>`,
    `<text x="6" y="22" font-size="14">${escapeText(head)}</text>`,
    ...rows,
    ...bars,
    "</svg>",
  ].join("\n");
}

function explain(input: unknown, output: unknown): string {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "?";
  return `${text(input)} → ${text(output)}`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
