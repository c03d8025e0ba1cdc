import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

/** Where the packed package is installed for the tests: an empty project below `node_modules`, which git ignores. */
export const installed = {
  root: fileURLToPath(root),
  project: fileURLToPath(new URL("node_modules/.installed/", root)),
  entry: fileURLToPath(new URL("node_modules/.installed/node_modules/sharray/dist/index.js", root)),
};
