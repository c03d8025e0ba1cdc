/** @param reason why a message could not be read; `undefined` if the runtime does not say */
export function unreadError(reason: unknown): Error {
  const why =
    reason instanceof Error ? `${reason.name}: ${reason.message}` : "an error that the runtime does not tell";
  return new Error(
    "Cannot read what the task returned or threw as it must fit into the stack and the memory of the calling thread: " +
      `reading it fails with ${why}`,
    { cause: reason },
  );
}
