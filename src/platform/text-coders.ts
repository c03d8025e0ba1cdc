/**
 * Replace the globals of their names in the bundle for Node. @msgpack/msgpack makes one of each when it loads, and these are
 * made at first need. Node's globals can't be read for the first time once the global object is frozen. scripts/build-node.js
 * puts them there.
 */
import { builtInModule } from "./built-in-module.js";

const util = builtInModule("node:util");

export const TextEncoder = util.TextEncoder;
export const TextDecoder = util.TextDecoder;
