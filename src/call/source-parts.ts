/**
 * What a loop over a source needs of the side that runs its passes: the calls of this thread, or a client of another thread.
 */
import type { Arena } from "../memory/arena.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import type { Stoppable } from "./abort-and-progress.js";
import type { Request } from "./request.js";

/** What a loop reads from its source, and how its passes run. */
export interface SourceRunParts {
  readonly arena: Arena;
  /** The call as it was read, over an empty list. */
  readonly request: Request;
  readonly source: object;
  /** Gets the results. */
  readonly streamBuffer: StreamBuffer;
  readonly maxWorkers: number;
  /** Begins a pass beside others. Its results go to the buffer, at once as they are ready. */
  readonly begin: (request: Request, streamBuffer: StreamBuffer) => RunningPass;
  /** Told when the source is told that nobody reads on. It rejects if the source fails at that. */
  readonly onClosing: (closing: Promise<void>) => void;
}

export interface RunningPass extends Stoppable {
  readonly ended: MaybePromise<unknown>;
}
