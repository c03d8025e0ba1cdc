/** The script of a worker as text. scripts/build-browser.js puts it here; bundlers make it a file of its own, or part of the page's. */
export const WORKER_TEXT: string = "";
