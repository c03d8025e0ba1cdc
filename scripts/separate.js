/** Takes a bundle of esbuild's apart: its own code, what it takes of other modules, and what it gives. */
import { parse } from "acorn";
import { transform } from "esbuild";

const options = { ecmaVersion: "latest", sourceType: "module" };

/** @param others the modules that are not in it; its imports of any others stay in its code */
export function separate(text, others) {
  const program = parse(text, options);
  const takes = [];
  const gives = [];
  let code = "";
  let done = 0;
  for (const { type, start, end, specifiers, source } of program.body) {
    if (type === "ImportDeclaration" && others.has(source.value)) {
      for (const { imported, local } of specifiers) {
        takes.push({ module: source.value, exported: imported.name, local: local.name });
      }
    } else if (type === "ExportNamedDeclaration") {
      for (const { exported, local } of specifiers) gives.push({ name: exported.name, local: local.name });
    } else continue;
    code += text.slice(done, start);
    done = end;
  }
  return { code: code + text.slice(done), takes, gives };
}

/** @throws Error for anything but functions and classes */
export function assertCallable({ code, gives }) {
  const { body } = parse(code, options);
  for (const { local } of gives) {
    const isIt = ({ id }) => id?.name === local;
    const isCallable = body.some((node) => {
      if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") return isIt(node);
      const { init } = node.declarations?.find(isIt) ?? {};
      return init !== undefined && /^(Class|Function|ArrowFunction)Expression$/.test(init.type);
    });
    if (!isCallable)
      throw new Error(`${local} can't be loaded at first need, as it is no function and no class`);
  }
}

const OWN_URL = "sharray_own_url";
// Strings are broken into lines, too.
const SHORTENED_URL = new RegExp([...OWN_URL].join("(?:\\\\\\n)?"), "g");

/**
 * Shortens the names of variables within functions, which makes a file load a tenth sooner. Those of classes and of functions
 * stay as they are, for stack traces and for whoever prints an object.
 */
export async function shorten(text, { target }) {
  const outer = { ImportDeclaration: "", ExportNamedDeclaration: "" };
  let script = "";
  for (const { type, start, end } of parse(text, options).body) {
    if (type in outer) outer[type] += text.slice(start, end);
    else script += `${text.slice(start, end)}\n`;
  }
  // Without imports and exports it is a script to esbuild, whose own names others may use.
  const { code } = await transform(script.replaceAll("import.meta.url", OWN_URL), {
    target,
    minify: true,
    lineLimit: 160,
  });
  return `${outer.ImportDeclaration}${code.replace(SHORTENED_URL, "import.meta.url")}${outer.ExportNamedDeclaration}\n`;
}
