/** Output of a worker thread, whose console writes to streams that hand it to the main thread. Only files with a twin import it. */

interface Stream {
  readonly writableLength: number;
  _writev?(chunks: never, callback: never): void;
}

/** Tells when something is about to be written, at the latest; in other runtimes than Node at once. */
export function onOutput(tell: () => void): void {
  for (const stream of [process.stdout, process.stderr] as Stream[]) {
    const { _writev: write, writableLength } = stream;
    if (write === undefined || writableLength > 0) {
      tell();
      return;
    }
    // Whatever writes, and in whichever way, comes through here. The property hides that of the stream's class.
    stream._writev = (chunks, callback) => {
      delete stream._writev;
      tell();
      write.call(stream, chunks, callback);
    };
  }
}
