// Examples of one line in doc comments: `@example sum(c.x) // x = 1, 2, 3 => 6`. What stands before `=>` are the columns of
// a frame; without them the frame has one row. All of a package become one program, since each is only an expression.

/** An expression, the rows it is asked of, and what comes out. */
export interface OneLineExample {
  readonly from: string;
  readonly expression: string;
  readonly columns: string;
  readonly printed: string;
}

export function oneLineExamples(document: string, text: string): OneLineExample[] {
  const lines = text.matchAll(/^\s*\/?\*+ @example (.+?) \/\/ (?:(\w+ = .*?) )?=> (.*?)(?: \*\/)?$/gm);
  return [...lines].map(([, expression = "", columns = "", printed = ""]) => ({
    from: document,
    expression,
    columns,
    printed,
  }));
}

/** A program that prints, for each example, what comes out of it. */
export function programOf(examples: readonly OneLineExample[]): string {
  const calls = examples.flatMap(({ expression }) => [
    ...expression.matchAll(/(?<![.\w])(?<!new )([a-zA-Z]\w*)(?:<\w+>)?\(/g),
  ]);
  const names = new Set(calls.map(([, name = ""]) => name));
  const asked = examples.map(
    ({ expression, columns }) => `await print(${frameOf(columns)}.select((c) => ${expression}));`,
  );
  return `import { createContext, struct, t, ${[...names].join(", ")} } from "@tutti/dataset";
const tutti = createContext();
const print = async (frame: { collect(): Promise<readonly object[]> }): Promise<void> => {
  const rows = await frame.collect();
  const isOneColumn = rows.every((row) => Object.keys(row).length === 1);
  console.log(rows.map((row) => show(isOneColumn ? Object.values(row)[0] : row)).join(", "));
};
const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return \`\${value}n\`;
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (value instanceof Uint8Array) return \`<\${Buffer.from(value).toString("hex")}>\`;
  if (Array.isArray(value)) return \`[\${value.map(show).join(", ")}]\`;
  if (value instanceof Map) return \`{ \${Array.from(value, ([key, one]) => \`\${show(key)} => \${show(one)}\`).join(", ")} }\`;
  if ("toJSON" in value) return String(value);
  return \`{ \${Object.entries(value).map(([key, one]) => \`\${key}: \${show(one)}\`).join(", ")} }\`;
};
${asked.join("\n")}
await tutti.close();
export {};
`;
}

function frameOf(columns: string): string {
  if (columns === "") return "tutti.rangeFrame(0, 1)";
  const fields = columns.split("; ").map((column) => {
    const [, name = "", list = ""] = /^(\w+) = (.*)$/.exec(column) ?? [];
    return { name, values: JSON.parse(`[${list}]`) as readonly (string | number | null)[] };
  });
  const rows = fields[0]?.values.map(
    (_, row) => `{ ${fields.map(({ name, values }) => `${name}: ${JSON.stringify(values[row])}`).join(", ")} }`,
  );
  const types = fields.map(({ name, values }) => `${name}: ${typeOf(values)}`);
  return `tutti.createDataFrame([${rows?.join(", ")}], struct({ ${types.join(", ")} }))`;
}

function typeOf(values: readonly (string | number | null)[]): string {
  const isText = values.some((value) => typeof value === "string");
  const isWhole = values.every((value) => value === null || Number.isInteger(value));
  const type = isText ? "t.string" : isWhole ? "t.int" : "t.double";
  return values.includes(null) ? `${type}.nullable()` : type;
}
