/** In what bundlers get, the text of the file that a child process runs (scripts/build-node.js). Else that file is beside this package. */
export const CHILD_TEXT: string = "";
