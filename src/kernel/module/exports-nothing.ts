import { parse } from "acorn";

/** Whether a module exports nothing, as its text tells; false if the text can't tell, because it is no JavaScript or is CommonJS. */
export function exportsNothing(text: string): boolean {
  try {
    const { body } = parse(text, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
    const isModule = body.some(({ type }) => /^(Im|Ex)port/.test(type));
    return isModule ? !body.some(({ type }) => type.startsWith("Export")) : !/\bexports\b/.test(text);
  } catch {
    return false;
  }
}
