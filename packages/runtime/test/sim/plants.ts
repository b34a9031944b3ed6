import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** A mistake on purpose: another text in a shipped file, as it is loaded, or a log that anybody may write. */
export type Plant =
  | {
      readonly kind: "source";
      readonly name: string;
      readonly file: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: "unfenced"; readonly name: string };

const source = (name: string, file: string, from: string, to: string): Plant => ({
  kind: "source",
  name,
  file,
  from,
  to,
});

export const plants: readonly Plant[] = [
  { kind: "unfenced", name: "a deposed master writes on" },
  source(
    "used before it is logged",
    "cluster/cluster-lane.ts",
    "await beforeDone?.(answer.id);",
    "void beforeDone?.(answer.id);",
  ),
  source("two masters name attempts alike", "cluster/master-term.ts", "`${log.state.termCount}-`", '""'),
];

export function plantByName(name: string): Plant {
  const found = plants.find((plant) => plant.name === name);
  if (found === undefined) throw new RangeError(`${name} is none of ${plants.map((plant) => plant.name).join(", ")}`);
  return found;
}

const sources = new URL("../../src/", import.meta.url);

/** The text of a file with the mistake in it. Throws where the place is not there, or not only once. */
export function planted({ file, from, to }: Extract<Plant, { kind: "source" }>): string {
  const text = readFileSync(fileURLToPath(new URL(file, sources)), "utf8");
  if (text.split(from).length !== 2) throw new RangeError(`${JSON.stringify(from)} is not once in ${file}`);
  return text.replace(from, () => to);
}

/** From now on the file is loaded with the mistake in it. */
export function plantIn(plant: Extract<Plant, { kind: "source" }>): void {
  const url = new URL(plant.file, sources).href;
  registerHooks({
    load: (asked, context, next) => {
      const loaded = next(asked, context);
      return asked === url ? { ...loaded, source: planted(plant) } : loaded;
    },
  });
}
