/** The texts of the scripts that workers and child processes run. scripts/build-node.js puts them here. */
export const WORKER_TEXT: string = "";
export const CHILD_TEXT: string = "";
