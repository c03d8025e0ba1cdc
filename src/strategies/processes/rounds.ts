/** What the children of a round have in common. */
import type { Invitation } from "../threads/worker-slot.js";
import type { JobSources } from "./job-sources.js";
import type { MemorySource } from "./memory-source.js";
import { Outputs } from "./outputs.js";
import { TaskShare } from "./task-share.js";
import type { Transit } from "./transit.js";

export interface RoundRecord {
  readonly id: number;
  readonly share: TaskShare;
  readonly outputs: Outputs | undefined;
  readonly sources: readonly MemorySource[];
  /** Memory that children need for this round alone, with its bytes. */
  readonly own: JobSources["own"];
  readonly inputs: JobSources["inputs"];
  /** Brings a child's meter up to date. */
  readonly onLook: Map<number, () => void>;
  /** Children that know of it. */
  users: number;
}

export class Rounds {
  readonly #transit: Transit;
  readonly #records = new Map<number, RoundRecord>();

  constructor(transit: Transit) {
    this.#transit = transit;
  }

  /** One more child takes part. */
  enter(invitation: Invitation): RoundRecord {
    const { id, round, job, placed } = invitation;
    let record = this.#records.get(id);
    if (record === undefined) {
      const { spec, streamBuffer } = job.parts;
      const tasks = round.order?.length ?? spec.tasks;
      const onLook: RoundRecord["onLook"] = new Map();
      round.onLook = (participant) => onLook.get(participant)?.();
      const { sources, own, inputs, expected } = placed as JobSources;
      const share = new TaskShare(round.control, tasks, round.workers, streamBuffer !== undefined);
      // Measured by the clock, over all children that work side by side.
      if (expected !== undefined) share.note(tasks, expected * round.workers);
      record = {
        id,
        share,
        outputs: spec.outputs === null ? undefined : new Outputs(job, this.#transit),
        sources,
        own,
        inputs,
        onLook,
        users: 0,
      };
      this.#records.set(id, record);
    }
    record.users += 1;
    return record;
  }

  leave(record: RoundRecord): void {
    record.users -= 1;
    if (record.users > 0) return;
    this.#records.delete(record.id);
    record.outputs?.close();
  }
}
