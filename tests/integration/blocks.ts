/** Programs in pages of the documentation. */

export interface Block {
  readonly language: string;
  /** The text behind the language. */
  readonly info: string;
  readonly line: number;
  readonly text: string;
  /** The `text` block that follows, with nothing but blank lines between. */
  readonly output: string | undefined;
}

/** The fenced blocks of a page. */
export function blocksOf(markdown: string): Block[] {
  const fence = /^```(\w*)[ \t]*(.*)\n([\s\S]*?)^```[ \t]*\n(?:\n*^```text[ \t]*\n([\s\S]*?)^```[ \t]*$)?/gm;
  const blocks: Block[] = [];
  for (const match of markdown.matchAll(fence)) {
    const [, language = "", info = "", text = "", output] = match;
    blocks.push({ language, info, line: markdown.slice(0, match.index).split("\n").length, text, output });
  }
  return blocks;
}
