/**
 * Stand in for the globals of their names in what Node gets, as @msgpack/msgpack makes one of each when it loads, at first need.
 * Node's globals can't be read for the first time once the global object is frozen. Put there by scripts/build-node.js.
 */
import { builtInModule } from "./built-in-module.js";

const util = builtInModule("node:util");

export const TextEncoder = util.TextEncoder;
export const TextDecoder = util.TextDecoder;
