import type { StreamedResult } from "./calls.js";

type Sink = (index: number, value: unknown) => void;

/** Results in the order of their completion. The call starts with the iteration and is cancelled with it. */
export class ResultStream<R> implements AsyncIterable<StreamedResult<R>> {
  readonly #run: (sink: Sink, signal: AbortSignal) => Promise<unknown>;

  constructor(run: (sink: Sink, signal: AbortSignal) => Promise<unknown>) {
    this.#run = run;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamedResult<R>, void, undefined> {
    const ready: StreamedResult<R>[] = [];
    const cancel = new AbortController();
    let ended = false;
    let failure: { readonly error: unknown } | undefined;
    let wake = (): void => {};
    const sink: Sink = (index, value) => {
      ready.push({ index, value: value as R });
      wake();
    };
    const running = this.#run(sink, cancel.signal).then(
      () => {
        ended = true;
        wake();
      },
      (error: unknown) => {
        ended = true;
        failure = { error };
        wake();
      },
    );
    try {
      for (;;) {
        while (ready.length > 0) yield* ready.splice(0);
        if (ended) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== undefined) throw failure.error;
    } finally {
      cancel.abort(new DOMException("The loop over streamShared() was left", "AbortError"));
      await running;
    }
  }
}
