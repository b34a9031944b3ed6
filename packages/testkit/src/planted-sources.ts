import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { loadOtherTexts, replaceOnce } from "./other-texts.ts";

/** In this file, what stands there once, and what stands there instead. */
export type SourceChange = readonly [file: string, from: string, to: string];

/** A mistake on purpose: other texts in shipped files, as they are loaded. */
export interface SourcePlant {
  readonly name: string;
  readonly changes: readonly SourceChange[];
}

/** Where mistakes are planted. */
export interface PlantBed {
  /** What the files of changes are relative to. */
  readonly folder: URL;
  /** Folders whose modules are loaded once more for each mistake. All others are shared. */
  readonly copied: readonly URL[];
}

const planted = new Map<string, { readonly plant: SourcePlant; readonly bed: PlantBed }>();
const mark = "?plant=";

/** All texts of a mistake. Throws where the code has gone on without it. */
export function textsWith(plant: SourcePlant, bed: PlantBed): readonly string[] {
  const files = new Set(plant.changes.map(([file]) => file));
  return [...files].map((file) => textWith(plant, new URL(file, bed.folder).href, bed));
}

/**
 * The module with the mistake in it, and a copy of its own of everything in the copied folders that it imports. For
 * processes in which Node.js itself loads the sources; a test runner that rewrites them does not see it.
 */
export async function importPlanted(module: URL, plant: SourcePlant, bed: PlantBed): Promise<unknown> {
  // A place that is not there would be a mistake that nobody makes.
  textsWith(plant, bed);
  if (planted.size === 0) hook();
  planted.set(plant.name, { plant, bed });
  return import(module.href + mark + encodeURIComponent(plant.name));
}

function textWith({ changes }: SourcePlant, url: string, { folder }: PlantBed): string {
  const own = changes.filter(([file]) => new URL(file, folder).href === url);
  return own.reduce((text, [, from, to]) => replaceOnce(text, from, to), readFileSync(new URL(url), "utf8"));
}

/** Files of a copy are told apart by what follows the question mark. */
function hook(): void {
  const nameIn = (url: string | undefined): string => url?.split(mark)[1] ?? "";
  const plantedAt = (url: string | undefined) => planted.get(decodeURIComponent(nameIn(url)));
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const isCopied = plantedAt(context.parentURL)?.bed.copied.some(({ href }) => resolved.url.startsWith(href));
      return isCopied === true ? { ...resolved, url: `${resolved.url}${mark}${nameIn(context.parentURL)}` } : resolved;
    },
  });
  loadOtherTexts((url) => {
    const { plant, bed } = plantedAt(url) ?? {};
    const [file = ""] = url.split("?");
    return plant === undefined || bed === undefined ? undefined : textWith(plant, file, bed);
  });
}
