/**
 * CommonJS beside the ES modules that Node gets, code and types: for `require` before Node 20.19 and 22.12, which can't load ES
 * modules, and for those who never can, such as Jest.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { transform } from "esbuild";

const OWN_URL = "sharray_own_url";

/** @param files ES modules in `folder` that import nothing of it but each other */
export async function writeCommonJs(folder, files) {
  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8")
      .replace(/\bfrom"(\.[^"]+)\.js"/g, 'from"$1.cjs"')
      // Jest has no `import()`.
      .replace(/\bimport\("(\.[^"]+)\.js"\)/g, 'Promise.resolve().then(()=>require("$1.cjs"))');
    const { code } = await transform(text, {
      format: "cjs",
      platform: "node",
      target: "node20.9",
      define: { "import.meta.url": OWN_URL },
      minifyWhitespace: true,
      lineLimit: 160,
    });
    const ownUrl = `const ${OWN_URL}=require("node:url").pathToFileURL(__filename).href;`;
    writeFileSync(join(folder, asCommonJs(file)), code.includes(OWN_URL) ? ownUrl + code : code);
  }
}

/** @param entries declaration files in `folder`; they and all that they import get twins */
export function writeCommonJsTypes(folder, entries) {
  const found = new Set(entries);
  for (const file of found) {
    const text = readFileSync(join(folder, file), "utf8");
    const twin = text.replace(/(\bfrom |\bimport\()"(\.[^"]+\.js)"/g, (_, before, path) => {
      const imported = posix.join(posix.dirname(file), path.replace(/\.js$/, ".d.ts"));
      if (!existsSync(join(folder, imported))) throw new Error(`${file} imports ${path}, which has no types`);
      found.add(imported);
      return `${before}"${asCommonJs(path)}"`;
    });
    writeFileSync(join(folder, file.replace(/\.d\.ts$/, ".d.cts")), twin);
  }
}

const asCommonJs = (file) => file.replace(/\.js$/, ".cjs");
