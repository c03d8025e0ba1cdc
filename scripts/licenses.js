/** Licences of the packages that are in bundles, to be shipped with these. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** In order of preference: some packages have theirs in their readme. */
const NAMES = [/^licen[cs]e(\.(md|txt|bsd))?$/i, /^readme\.md$/i];

/** @param metafiles esbuild's, of all bundles in the folder */
export function writeLicenses(folder, metafiles) {
  const packages = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
        const name = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
        if (name !== undefined && bytesInOutput > 0) packages.add(name);
      }
    }
  }
  const texts = [...packages].sort().map((name) => {
    const home = join("node_modules", name);
    const files = readdirSync(home);
    const file = NAMES.map((pattern) => files.find((each) => pattern.test(each))).find(Boolean);
    if (file === undefined) throw new Error(`Cannot ship ${name} as it has no licence`);
    return `${name}/${file}\n\n${readFileSync(join(home, file), "utf8")}`;
  });
  writeFileSync(join(folder, "LICENSES.txt"), texts.join("\n"));
}
