/** Sends the results of a stream in batches. */
import type { StreamedResult } from "../call/types.js";

type Batch = readonly StreamedResult<unknown>[];

// Results. A batch takes two messages, some 50 µs, which hardly counts for this many. There are no more, because unread results take
// memory.
const LARGEST_BATCH = 64;

/**
 * Sends what has come as soon as the batch before was taken. A quick reader gets results one by one, a slow reader many at once.
 * @param send resolves when there is room for more
 * @param left aborts when there is no reader any more; then the loop over the stream is left
 * @throws what the stream throws, or the reason of `left`
 */
export async function sendInBatches(
  stream: AsyncIterable<StreamedResult<unknown>>,
  send: (batch: Batch) => Promise<void>,
  left: AbortSignal,
): Promise<void> {
  const results = stream[Symbol.asyncIterator]();
  let batch: StreamedResult<unknown>[] = [];
  let sending: Promise<void> | undefined;
  let giveUp = (): void => {};
  left.addEventListener("abort", () => {
    giveUp();
    void results.return?.();
  });
  const sendAll = async (): Promise<void> => {
    while (batch.length > 0 && !left.aborted) {
      const full = batch;
      batch = [];
      // A reader that is gone takes nothing any more.
      await new Promise<void>((resolve, reject) => {
        giveUp = resolve;
        send(full).then(resolve, reject);
      });
    }
    sending = undefined;
  };
  try {
    for await (const result of { [Symbol.asyncIterator]: () => results }) {
      batch.push(result);
      // In a microtask, so that results that came in one message go on in one.
      if (sending === undefined) {
        sending = Promise.resolve().then(sendAll);
        // It is awaited below, perhaps much later.
        sending.catch(() => {});
      }
      if (batch.length >= LARGEST_BATCH) await sending;
      left.throwIfAborted();
    }
  } finally {
    // Also if the stream fails: its loop has what came before.
    await sending;
  }
  left.throwIfAborted();
}
