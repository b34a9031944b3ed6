/** A value as JSON: bigints digit for digit, bytes in base 64, maps as objects. What JSON has no form for is null. */
export function jsonText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  switch (typeof value) {
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? String(value) : "null";
    case "string":
    case "boolean":
      return JSON.stringify(value);
    default:
      return objectText(value);
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (value instanceof Map)
    return objectText(Object.fromEntries(Array.from(value, ([key, one]) => [String(key), one as unknown])));
  if ("toJSON" in value && typeof value.toJSON === "function")
    return JSON.stringify((value as { toJSON(): unknown }).toJSON());
  const fields = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${jsonText(one)}`);
  return `{${fields.join(",")}}`;
}
