/** Words that an operator may send instead of a connect request. */
export const fourLetterWords = [
  "conf",
  "cons",
  "crst",
  "dirs",
  "dump",
  "envi",
  "gtmk",
  "hash",
  "isro",
  "mntr",
  "ruok",
  "srst",
  "srvr",
  "stat",
  "stmk",
  "wchc",
  "wchp",
  "wchs",
] as const;

/** ZooKeeper's commands of four letters that a server knows. */
export type FourLetterWord = (typeof fourLetterWords)[number];

function asInt(word: string): number {
  let int = 0;
  for (let index = 0; index < word.length; index += 1) int = (int << 8) | word.charCodeAt(index);
  return int;
}

const wordsByInt: ReadonlyMap<number, FourLetterWord> = new Map(fourLetterWords.map((word) => [asInt(word), word]));

/** The word that the first four bytes of a connection spell; otherwise they are a length. */
export function fourLetterWordOf(firstInt: number): FourLetterWord | undefined {
  return wordsByInt.get(firstInt);
}
