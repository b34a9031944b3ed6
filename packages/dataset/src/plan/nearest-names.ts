/** The names that are most like a wrong one, best first; all of them where none is near. */
function nearestNames(wrong: string, names: readonly string[]): readonly string[] {
  const near = names
    .map((name) => ({ name, distance: editDistance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
  return near.slice(0, 3);
}

const namesMax = 20;

/** `did you mean x, y?` or what there is. */
export function suggest(wrong: string, names: readonly string[]): string {
  const near = nearestNames(wrong, names);
  if (near.length > 0) return `did you mean ${near.map((name) => JSON.stringify(name)).join(", ")}?`;
  const shown = names.slice(0, namesMax).map((name) => JSON.stringify(name));
  return `there are ${shown.join(", ")}${names.length > namesMax ? `, and ${names.length - namesMax} more` : ""}`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
