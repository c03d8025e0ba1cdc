/** Hands the results of a stream on in batches. */
import type { StreamedResult } from "../calls.js";

type Batch = readonly StreamedResult<unknown>[];

// A batch takes two messages, some 50 µs: shared by so many results it is no longer what they cost. Unread ones are held
// in memory, so there are no more.
const LARGEST_BATCH = 64;

/**
 * Sends what has come as soon as the batch before has been taken: a quick reader gets each result by itself, a slow one
 * many at once.
 * @param send resolves when there is room for more
 * @throws what the stream throws; the signal's reason
 */
export async function relay(
  stream: AsyncIterable<StreamedResult<unknown>>,
  send: (batch: Batch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let batch: StreamedResult<unknown>[] = [];
  let sending: Promise<void> | undefined;
  const sendAll = async (): Promise<void> => {
    while (batch.length > 0) {
      const full = batch;
      batch = [];
      await orAborted(send(full), signal);
    }
    sending = undefined;
  };
  for await (const result of stream) {
    batch.push(result);
    // In a microtask, so that results which came by one message go on by one.
    if (sending === undefined) {
      sending = Promise.resolve().then(sendAll);
      // Awaited below, unless the stream itself fails before.
      sending.catch(() => {});
    }
    if (batch.length >= LARGEST_BATCH) await sending;
  }
  await sending;
}

/** A reader that is gone takes nothing any more. */
function orAborted(sent: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    sent.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
