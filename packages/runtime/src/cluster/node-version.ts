/** Values cross by V8's serializer, which a newer Node.js may write so that an older one cannot read it. */
export function problemWithNode(about: Readonly<Record<string, string>>): string | undefined {
  const majorOf = (version: string): string => version.replace(/^v/, "").split(".")[0] ?? "";
  const theirs = about["node"] ?? "";
  if (majorOf(theirs) === majorOf(process.version)) return undefined;
  return `this process runs Node.js ${theirs}, the master ${process.version}: both need the same major version`;
}
