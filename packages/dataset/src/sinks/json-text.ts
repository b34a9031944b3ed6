/** In every Node.js that runs this; TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** JSON on one line, bigints digit for digit. What JSON has no text for (undefined) is null. */
export function jsonOf(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? rawJSON(one.toString()) : one));
  return text ?? "null";
}
