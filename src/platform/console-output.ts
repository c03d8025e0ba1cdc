/** Tells when a worker writes to its console, whose streams hand everything to the main thread. Only files with a twin import it. */

interface Stream {
  readonly writableLength: number;
  _writev?(chunks: never, callback: never): void;
}

/** Calls `tell` before anything is written. In other runtimes than Node it calls `tell` at once. */
export function onOutput(tell: () => void): void {
  for (const stream of [process.stdout, process.stderr] as Stream[]) {
    const { _writev: write, writableLength } = stream;
    if (write === undefined || writableLength > 0) {
      tell();
      return;
    }
    // Everything that is written comes through here. The property hides the one of the stream's class.
    stream._writev = (chunks, callback) => {
      delete stream._writev;
      tell();
      write.call(stream, chunks, callback);
    };
  }
}
