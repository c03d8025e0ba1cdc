/** The arrays that a pass writes: regions of its lease, until the user gets them, and arrays of the user's own. */
import type { Arena } from "../memory/arena.js";
import { elementBytes, type TypedArray, viewOf } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import type { Region } from "../memory/region.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { madeOutputs, type OutputRequest, type Request } from "./request.js";

export class OutputRegions {
  readonly #request: Request;
  readonly #lease: Lease;
  /** Of the outputs that the call makes. None if the thread that asks for the call has them in memory of its own. */
  readonly #regions: readonly Region[];

  /** @throws MemoryLimitError */
  constructor(request: Request, arena: Arena, lease: Lease) {
    this.#request = request;
    this.#lease = lease;
    this.#regions =
      request.guest === undefined ? madeOutputs(request).map((output) => take(output, arena, lease)) : [];
  }

  /** The spec with the outputs. Those that the call makes are entered into the array table behind all others. */
  jobSpec(): JobSpec {
    const { outputs, table, spec, guest } = this.#request;
    if (outputs === null) return spec;
    const here = madeOutputs(this.#request).map(({ kind, length }, i) => {
      return guest?.outputs[i] ?? viewOf(kind, (this.#regions[i] as Region).buffer, 0, length);
    });
    const made = here.values();
    const arrays = outputs.arrays.map(({ own }) => own?.place ?? table.add(made.next().value as TypedArray));
    const clearOutputs = spec.clearOutputs === true || this.#regions.some(({ recycled }) => recycled);
    return { ...spec, outputs: { names: outputs.names, arrays }, clearOutputs };
  }

  /** The user's arrays. From here on regions live as long as these. */
  lend(): TypedArray[] {
    return this.#request.guest === undefined ? lendOutputs(this.#request, this.#regions, this.#lease) : [];
  }
}

function take({ kind, length }: OutputRequest["arrays"][number], arena: Arena, lease: Lease): Region {
  const region = arena.take(length * elementBytes(kind), "nothing", true);
  lease.add(region, true);
  return region;
}

/**
 * The outputs in the order of the call.
 * @param regions of those that the call makes
 */
export function lendOutputs(
  { outputs, spec }: Request,
  regions: readonly Region[],
  lease: Lease,
): TypedArray[] {
  // Rows of `collectShared` are released as soon as they are copied.
  const isBrief = spec.capacity !== undefined && spec.starts === undefined;
  const made = regions.values();
  return (outputs?.arrays ?? []).map(({ kind, length, own }) => {
    if (own !== undefined) return own.given;
    const region = made.next().value as Region;
    return viewOf(kind, lease.lend(region, length * elementBytes(kind), isBrief), 0, length);
  });
}
