/** The Node options that a worker of the pool is given. Pure. */

// Options by which a program comes as text, which a worker's does not.
const TEXT = /^(--input-type|--eval|-e|--print|-p|-pe)$/;

/**
 * Workers inherit the program's Node options, loaders such as tsx among them. Only a program that came as text with
 * `--input-type` gives them a list of their own. With that option Node refuses what they load before their entry.
 * @param given the program's options
 * @param refusedOf tells which options of a list no worker takes: V8's, and those of the whole process
 * @returns `undefined` if workers inherit the program's options
 */
export function workerArguments(
  given: readonly string[],
  refusedOf: (list: readonly string[]) => readonly string[],
): string[] | undefined {
  const options = groups(given);
  if (!options.some(({ name }) => name === "--input-type")) return undefined;
  const kept = options.filter(({ name }) => !TEXT.test(name));
  const refused = refusedOf(kept.flatMap(({ words }) => words));
  return kept.filter(({ words }) => !refused.includes(words[0] as string)).flatMap(({ words }) => words);
}

// Two processes can't listen at the same port.
const OF_ONE = /^--(inspect|debug)/;

/** The options of a child process: the program's, except for its text and its debugger. */
export function childArguments(given: readonly string[]): string[] {
  const kept = groups(given).filter(({ name }) => !TEXT.test(name) && !OF_ONE.test(name));
  return kept.flatMap(({ words }) => words);
}

interface Option {
  readonly name: string;
  /** The option, and its value if that is a word of its own. */
  readonly words: string[];
}

function groups(given: readonly string[]): Option[] {
  const found: Option[] = [];
  for (const word of given) {
    const last = found.at(-1);
    // A value that begins with a dash takes the form with an equals sign.
    if (word.startsWith("-") || last === undefined)
      found.push({ name: word.split("=", 1)[0] as string, words: [word] });
    else last.words.push(word);
  }
  return found;
}
