import { DatasetError } from "../../dataset-error.ts";

/** Letters of Java's patterns, longest first, and what the engine calls them. */
const letters: readonly (readonly [java: string, engine: string])[] = [
  ["yyyy", "%Y"],
  ["uuuu", "%Y"],
  ["yy", "%y"],
  ["MMMM", "%B"],
  ["MMM", "%b"],
  ["MM", "%m"],
  ["M", "%-m"],
  ["dd", "%d"],
  ["d", "%-d"],
  ["DDD", "%j"],
  ["D", "%-j"],
  ["EEEE", "%A"],
  ["EEE", "%a"],
  ["E", "%a"],
  ["HH", "%H"],
  ["H", "%-H"],
  ["hh", "%I"],
  ["h", "%-I"],
  ["mm", "%M"],
  ["m", "%-M"],
  ["ss", "%S"],
  ["s", "%-S"],
  ["SSSSSS", "%f"],
  ["SSS", "%g"],
  ["a", "%p"],
  ["y", "%Y"],
];

/** A date pattern of Java's in the engine's letters. Refuses letters that the engine has none for. */
export function enginePattern(java: string): string {
  let made = "";
  for (let at = 0; at < java.length;) {
    const quoted = /^'((?:[^']|'')*)'/.exec(java.slice(at));
    if (quoted !== null) {
      made += quoted[1] === "" ? "'" : (quoted[1] ?? "").replaceAll("''", "'").replaceAll("%", "%%");
      at += quoted[0].length;
      continue;
    }
    const run = /^([A-Za-z])\1*/.exec(java.slice(at))?.[0];
    if (run === undefined) {
      made += java[at] === "%" ? "%%" : java[at];
      at += 1;
      continue;
    }
    const known = letters.find(([letter]) => letter === run);
    if (known === undefined) {
      throw new DatasetError(
        "invalid-argument",
        `the letters ${JSON.stringify(run)} of the pattern ${JSON.stringify(java)} are not known; there are ${letters.map(([letter]) => letter).join(" ")}`,
      );
    }
    made += known[1];
    at += run.length;
  }
  return made;
}
