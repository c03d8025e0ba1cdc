/** What memory a pass needs. */
import { Snapshot } from "../memory/snapshot.js";
import { blockBytes } from "../protocol/job-block.js";
import { madeBytes, type Request } from "./request.js";

/** Bytes of each region that a pass takes. @param placesArrays whether its strategy places plain arrays */
export function needsOf(request: Request, placesArrays: boolean): number[] {
  const { spec, items, placement, outputs, guest } = request;
  const needs = [blockBytes(spec.tasks, items), placesArrays ? placement.bytesNeeded : 0];
  const snapshot = snapshotOf(request);
  if (snapshot !== undefined) needs.push(snapshot.bytes);
  if (outputs !== null && guest === undefined) needs.push(...madeBytes(request));
  return needs;
}

/** With `verifyImmutable`: a snapshot of what tasks only read. */
export function snapshotOf({ sightings, table, placement }: Request): Snapshot | undefined {
  if (sightings === undefined) return undefined;
  const read = sightings.map((sighting, i) => (sighting === null ? undefined : table.arrays[i]));
  return new Snapshot(read, placement);
}
