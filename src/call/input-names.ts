/** With `verifyImmutable`: what is told of an array that has changed. */
import { type KernelError, PayloadMutatedError, type TaskTimeoutError } from "../errors.js";
import { nameText } from "../memory/presence.js";
import type { Change } from "../memory/snapshot.js";
import type { Sighting } from "../protocol/array-table.js";
import { type JobSpec, taskRange } from "../protocol/job-spec.js";

/** @param failure what the call failed with besides */
export function mutatedError(
  sightings: readonly (Sighting | null)[],
  spec: JobSpec,
  { array, index, length }: Change,
  failure: KernelError | TaskTimeoutError | undefined,
): PayloadMutatedError {
  const sighting = sightings[array] as Sighting;
  const name = nameText(sighting.name);
  const { tasks } = sighting;
  if (tasks !== undefined) return new PayloadMutatedError(name, index, tasks, [0, length], failure);
  const task = Math.floor(index / spec.chunkSize);
  return new PayloadMutatedError(name, index, [task, task], taskRange(spec, [], task), failure);
}
