/** Looks for shards of which no node tells anything any more. */

import { ClusterError } from "../errors.js";
import { clock } from "../platform/clock.js";
import type { ClusterConnection } from "./connection.js";
import type { Shard } from "./shard-sender.js";

/** A shard that is younger is not looked for. */
const YOUNG_MS = 2000;
/** States of a job of the queue that some node will run, or runs. */
const PENDING: ReadonlySet<string> = new Set(["waiting", "active", "delayed", "prioritized", "paused"]);

/** What happens to shards that are found. */
export interface Finder {
  readonly isOver: boolean;
  /** Shards without a result. */
  waiting(): readonly Shard[];
  /** Called for a shard whose result is there, and nobody has told of it. */
  take(shard: Shard): Promise<void>;
  sendAgain(shard: Shard): Promise<void>;
  fail(error: ClusterError): void;
}

export class LostShards {
  readonly #connection: ClusterConnection;
  readonly #finder: Finder;
  #isLooking = false;

  constructor(connection: ClusterConnection, finder: Finder) {
    this.#connection = connection;
    this.#finder = finder;
  }

  async look(): Promise<void> {
    if (this.#isLooking || this.#finder.isOver) return;
    this.#isLooking = true;
    try {
      for (const shard of this.#finder.waiting()) {
        if (clock() - shard.sent >= YOUNG_MS) await this.lookAt(shard);
      }
    } catch {
      // The store is busy. It is asked again.
    } finally {
      this.#isLooking = false;
    }
  }

  async lookAt(shard: Shard): Promise<void> {
    const { store } = this.#connection;
    const finder = this.#finder;
    const state = await store.queue().getJobState(shard.id);
    if (finder.isOver || PENDING.has(state)) return;
    if (state === "failed") await this.#failed(shard);
    else if ((await store.sizeOf("result", shard.id)) > 0) await finder.take(shard);
    else if (finder.waiting().includes(shard)) await finder.sendAgain(shard);
  }

  async #failed({ id, first, end }: Shard): Promise<void> {
    const why = (await this.#connection.store.queue().getJob(id))?.failedReason ?? "no reason given";
    this.#finder.fail(
      why.startsWith("refused")
        ? new ClusterError("refused", `Cannot run the call as nodes must accept its requests: one was ${why}`)
        : new ClusterError(
            "lost",
            `Cannot finish the call as tasks ${first} to ${end} must not end their nodes: ${why}`,
          ),
    );
  }
}
