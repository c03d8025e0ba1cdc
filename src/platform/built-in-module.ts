/** Node's own modules, for Node. Only files with a twin import it. */
import { createRequire } from "node:module";

/**
 * One of Node's modules. An `import` takes 0.3 to 0.8 ms longer, because Node makes an ES module of all that it exports.
 * @throws Error if this build of Node lacks it
 */
export const builtInModule: typeof process.getBuiltinModule =
  // Node has this function from 20.16 on.
  process.getBuiltinModule ?? createRequire(process.execPath);
