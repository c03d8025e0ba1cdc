/** What memory a pass needs. */
import { elementBytes } from "../memory/dtypes.js";
import { Snapshot } from "../memory/snapshot.js";
import { blockBytes } from "../protocol/job-block.js";
import type { Request } from "./request.js";

/** Bytes of each region that a pass takes. @param placesArrays whether its strategy places plain arrays */
export function needsOf(request: Request, placesArrays: boolean): number[] {
  const { spec, items, outputs, placement, guest, sightings, table } = request;
  const needs = [blockBytes(spec.tasks, items), placesArrays ? placement.bytesNeeded : 0];
  if (sightings !== undefined) needs.push(new Snapshot(table.arrays, placement).bytes);
  if (outputs === null || guest !== undefined) return needs;
  for (const kind of outputs.kinds) needs.push(spec.length * elementBytes(kind));
  return needs;
}
