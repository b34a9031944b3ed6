type Cell = string | number;

/** Numbers to the right with thousands apart, texts to the left. */
export function printTable(title: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en-US") : cell)));
  const widths = columns.map((name, column) => Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const isNumeric = columns.map((_, column) => rows.every((row) => !Number.isNaN(Number(row[column]))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumeric[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("   ")
      .trimEnd();
  console.log(`${title}\n`);
  console.log(line(columns));
  console.log(widths.map((width) => "─".repeat(width)).join("   "));
  for (const row of texts) console.log(line(row));
  console.log();
}
