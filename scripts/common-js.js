/**
 * CommonJS beside the ES modules that Node gets. It is for `require` before Node 20.19 and 22.12, which can't load ES modules,
 * and for tools that never can, such as Jest.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    writeFileSync(join(folder, file.replace(/\.js$/, ".cjs")), code.includes(OWN_URL) ? ownUrl + code : code);
  }
}
