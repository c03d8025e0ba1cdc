/** Has bundlers leave the import of a kernel's module as it is. Comments say so, which esbuild drops along with white space. */
import { readFileSync, writeFileSync } from "node:fs";

/** `importAt` of src/platform/import-module.ts. */
const IMPORT = /(\bfunction importAt\(\w+\)\{return import\()(?=\w+\))/;
const COMMENTS = "/* webpackIgnore: true *//* turbopackIgnore: true *//* @vite-ignore */";

/** @param expected how many of the files have the import */
export function leaveImport(files, expected) {
  const importing = files
    .map((file) => [file, readFileSync(file, "utf8")])
    .filter(([, text]) => IMPORT.test(text));
  if (importing.length !== expected) {
    throw new Error(`${expected} files must have the import: ${importing.length} have it`);
  }
  for (const [file, text] of importing) writeFileSync(file, text.replace(IMPORT, `$1${COMMENTS}`));
}
