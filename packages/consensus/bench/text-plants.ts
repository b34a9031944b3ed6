import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { loadOtherTexts, replaceOnce } from "@tutti/testkit";
import type * as Explorer from "../src/sim/explore.ts";
import type * as Simulator from "../src/sim/index.ts";

/** A mistake that is made on purpose: another text in shipped files, as they are loaded. */
export interface TextPlant {
  readonly name: string;
  /** Which entry of the catalogue it repeats, or what it forgets. */
  readonly source: string;
  /** Files below `src`. */
  readonly changes: readonly (readonly [file: string, from: string, to: string])[];
}

const sources = new URL("../src/", import.meta.url);
const planted = new Map<string, TextPlant>();
let isHooked = false;

/** The text of a file with the mistake in it. Throws where a place is not there, or not only once. */
function textWith({ changes }: TextPlant, url: string): string {
  const own = changes.filter(([file]) => new URL(file, sources).href === url);
  return own.reduce((text, [, from, to]) => replaceOnce(text, from, to), readFileSync(new URL(url), "utf8"));
}

/** Each mistake has a copy of the sources of its own, whose files are told apart by what follows the question mark. */
function hook(): void {
  if (isHooked) return;
  isHooked = true;
  const plantOf = (url: string | undefined): TextPlant | undefined => planted.get(url?.split("?plant=")[1] ?? "");
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const plant = plantOf(context.parentURL);
      const isOurs = plant !== undefined && resolved.url.startsWith(sources.href);
      return isOurs ? { ...resolved, url: `${resolved.url}?plant=${plant.name}` } : resolved;
    },
  });
  loadOtherTexts((url) => {
    const plant = plantOf(url);
    const [file = ""] = url.split("?");
    return plant === undefined ? undefined : textWith(plant, file);
  });
}

/** The simulator over what ships with the mistake in it. */
export function simulatorWith(plant: TextPlant): Promise<typeof Simulator> {
  return load("sim/index.ts", plant);
}

/** The walk through every state of a core with the mistake in it. */
export function explorerWith(plant: TextPlant): Promise<typeof Explorer> {
  return load("sim/explore.ts", plant);
}

async function load<Module>(file: string, plant: TextPlant): Promise<Module> {
  hook();
  planted.set(plant.name, plant);
  return (await import(new URL(`${file}?plant=${plant.name}`, sources).href)) as Module;
}
