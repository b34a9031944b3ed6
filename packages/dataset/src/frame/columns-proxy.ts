import { createColumn } from "./column-handle.ts";

/** Any name is a column; whether the frame has it is the analyzer's to say. */
export function columnsProxy(side: "left" | "right" | undefined): unknown {
  return new Proxy(Object.freeze(Object.create(null)), {
    get: (_, name) =>
      typeof name === "string"
        ? createColumn({ kind: "column", path: [name], ...(side === undefined ? {} : { side }) })
        : undefined,
  });
}
