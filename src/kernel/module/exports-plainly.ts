/**
 * Whether a module's text shows at once that it exports a kernel: by its name, or by the variable that holds it. This is enough
 * for nearly all modules. Parsing a bundle takes a hundred times as long.
 */
export function exportsPlainly(text: string, name: string): boolean {
  const names = exportedNames(text);
  return names.has(name) || holdersOf(text, name).some((holder) => names.has(holder));
}

/** Names of exports, and those that they have in the module. */
function exportedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const exports =
    /\bexport\s*(?:\{([^}]*)\}|(?:default\s+|const\s|let\s|var\s|(?:async\s+)?function\*?\s)\s*([\w$]+))/g;
  for (const [, list = "", declared] of text.matchAll(exports)) {
    for (const each of list.split(/,|\bas\b/)) names.add(each.trim());
    if (declared !== undefined) names.add(declared);
  }
  return names;
}

// The most characters before the kernel's name in the call: a variable, a function and an address.
const MOST_CHARACTERS = 300;

/** The variables in `holder = define(address, "name", ...)`, with any names that a bundler gives them. */
function holdersOf(text: string, name: string): string[] {
  const holders: string[] = [];
  for (const quoted of [`"${name}"`, `'${name}'`, `\`${name}\``]) {
    for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1)) {
      const [, holder] =
        /([\w$]+)\s*=[^=;]*,\s*$/.exec(text.slice(Math.max(0, at - MOST_CHARACTERS), at)) ?? [];
      if (holder !== undefined) holders.push(holder);
    }
  }
  return holders;
}
