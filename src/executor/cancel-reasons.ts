/** What calls reject with if their executor ends them. */

/** The default of `cancel()`. */
export function cancelled(): DOMException {
  return new DOMException("The call was cancelled by executor.cancel()", "AbortError");
}

/** At the end of an `await using` block. */
export function stillRunning(): DOMException {
  return new DOMException("The call was still running at the end of its executor's block", "AbortError");
}
