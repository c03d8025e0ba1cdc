/**
 * Is this what bundlers get? They move code around, away from the program of child processes. Its text can't take the place of the
 * file, as it can for workers (scripts/build-node.js): under `node -e`, `crypto` and many more globals are others.
 */
export const IS_BUNDLED: boolean = false;
