import { registerHooks } from "node:module";

/** From now on a module is loaded with the text that `textOf` gives for its address. Mistakes on purpose need nothing in what ships. */
export function loadOtherTexts(textOf: (url: string) => string | undefined): void {
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      const source = textOf(url);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}

/** Throws where `from` is not there, or not only once: a mistake must not miss its place when the text around it changes. */
export function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new RangeError(`${JSON.stringify(from)} is not once in the text`);
  return text.replace(from, () => to);
}
