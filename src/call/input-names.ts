/** With `verifyImmutable`: what the error says of an array that has changed. */
import { type KernelError, PayloadMutatedError, type TaskTimeoutError } from "../errors.js";
import { nameText } from "../memory/presence.js";
import type { Change } from "../memory/snapshot.js";
import type { Sighting } from "../protocol/array-table.js";
import type { JobSpec } from "../protocol/job-spec.js";

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
  const { chunkSize, rowLength = 1, before = 0, after = 0 } = spec;
  const row = Math.floor(index / rowLength);
  const first = Math.max(0, Math.floor((row - after) / chunkSize));
  const last = Math.min(spec.tasks - 1, Math.floor((row + before) / chunkSize));
  const start = Math.max(0, first * chunkSize - before) * rowLength;
  const end = Math.min(length, ((last + 1) * chunkSize + after) * rowLength);
  return new PayloadMutatedError(name, index, [first, last], [start, end], failure);
}
