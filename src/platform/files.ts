/** Writing files; `files.browser.ts` is the twin. */
export { writeFile } from "node:fs/promises";
