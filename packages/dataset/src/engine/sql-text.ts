import type { DuckDBConnection } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import { suggest } from "../plan/nearest-names.ts";
import { sqlText as sqlLiteral } from "../plan/functions/sql-type.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";

/** Table functions that read nothing but their arguments. */
const harmless: ReadonlySet<string> = new Set([
  "range",
  "generate_series",
  "unnest",
  "repeat",
  "json_each",
  "json_tree",
]);

interface CheckOptions {
  readonly connection: DuckDBConnection;
  readonly readsFiles: boolean;
}

/**
 * Refuses a text that is no single query, or that reads anything but its frames and the context's views: a file by its
 * name or by a function, a table of the engine.
 */
export async function checkSqlText(
  { parts, holes, views }: Extract<ResolvedPlan, { kind: "sql" }>,
  { connection, readsFiles }: CheckOptions,
): Promise<void> {
  const stand = holes.map((hole, index) => (hole.kind === "frame" ? `tutti_hole_${index}` : "NULL"));
  const text = parts.map((part, index) => `${part}${stand[index] ?? ""}`).join("");
  const syntax = await parse(text, connection);
  const found: Found = { tables: new Set(), functions: new Set(), common: new Set() };
  collect(syntax, found);
  if (readsFiles) return;
  const known = new Set([...stand, ...views.map(({ name }) => name.toLowerCase()), ...found.common]);
  const table = [...found.tables].find((name) => !known.has(name.toLowerCase()));
  if (table !== undefined) {
    throw new DatasetError(
      "unknown-table",
      `the SQL text reads ${JSON.stringify(table)}, which is no view; ${suggest(
        table,
        views.map(({ name }) => name),
      )} Frames are put in with \${frame}`,
    );
  }
  const reader = [...found.functions].find((name) => !harmless.has(name));
  if (reader !== undefined) {
    throw new DatasetError(
      "invalid-argument",
      `the SQL text calls ${reader}(), which could read files; use tutti.read and put the frame in, or create the context with sqlReadsFiles`,
    );
  }
}

interface Found {
  readonly tables: Set<string>;
  readonly functions: Set<string>;
  readonly common: Set<string>;
}

async function parse(text: string, connection: DuckDBConnection): Promise<unknown> {
  const result = await connection.runAndReadAll(`SELECT json_serialize_sql(${sqlLiteral(text)})`);
  const syntax = JSON.parse(result.getRowsJS()[0]?.[0] as string) as {
    readonly error: boolean;
    readonly error_message?: string;
    readonly statements?: readonly unknown[];
  };
  if (syntax.error) {
    throw new DatasetError(
      "invalid-argument",
      `the SQL text is no query: ${syntax.error_message ?? "it cannot be read"}`,
    );
  }
  if (syntax.statements?.length !== 1) throw new DatasetError("invalid-argument", "an SQL text is one query");
  return syntax.statements;
}

/** Walks the syntax tree for what is read. */
function collect(node: unknown, found: Found): void {
  if (typeof node !== "object" || node === null) return;
  const { type, table_name, function: call, cte_map } = node as Readonly<Record<string, unknown>>;
  if (type === "BASE_TABLE" && typeof table_name === "string") found.tables.add(table_name);
  if (type === "TABLE_FUNCTION")
    found.functions.add(String((call as { readonly function_name?: string }).function_name));
  const entries = (cte_map as { readonly map?: readonly { readonly key?: string }[] } | undefined)?.map ?? [];
  for (const { key } of entries) found.common.add(String(key).toLowerCase());
  for (const child of Object.values(node)) collect(child, found);
}
