/** Streams over sources, which a client reads on its own thread. Each of their passes is a stream of its own to the host. */
import { watch } from "../call/abort-and-progress.js";
import type { Backend } from "../call/backend.js";
import type { Request } from "../call/request.js";
import type { RunningPass } from "../call/source-parts.js";
import { SourceRun } from "../call/source-run.js";
import { leaseOver } from "../memory/lease.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";

export class ClientSources {
  readonly #client: Pick<Backend, "arena" | "settings">;
  readonly #begin: (request: Request, streamBuffer: StreamBuffer) => RunningPass;
  /** Those that have not ended. */
  readonly #runs = new Set<SourceRun>();

  /** @param begin sends a pass to the host */
  constructor(
    client: Pick<Backend, "arena" | "settings">,
    begin: (request: Request, streamBuffer: StreamBuffer) => RunningPass,
  ) {
    this.#client = client;
    this.#begin = begin;
  }

  stop(reason: unknown): void {
    for (const run of [...this.#runs]) run.stop(reason);
  }

  /**
   * @param ownSignal aborted when the loop over the stream is left
   * @param onClosing see `SourceRunParts`
   */
  async run(
    request: Request,
    source: object,
    streamBuffer: StreamBuffer,
    ownSignal: AbortSignal,
    onClosing: (closing: Promise<void>) => void,
  ): Promise<void> {
    const { arena, settings } = this.#client;
    const { signal, onProgress, ordered } = request.options;
    if (ordered === true) streamBuffer.order();
    const lease = leaseOver(arena, request.table);
    const run = new SourceRun({
      arena,
      request,
      source,
      streamBuffer,
      maxWorkers: settings.maxWorkers,
      begin: this.#begin,
      onClosing,
    });
    this.#runs.add(run);
    const unwatch = watch(run, signal, ownSignal, onProgress);
    try {
      await run.run();
      unwatch(true);
    } finally {
      unwatch(false);
      this.#runs.delete(run);
      lease.close();
    }
  }
}
