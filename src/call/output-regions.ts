/** The arrays that a pass writes: regions of its lease, until the user gets them. */
import type { Arena } from "../memory/arena.js";
import { elementBytes, type TypedArray, viewOf } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import type { Region } from "../memory/region.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { Request } from "./request.js";

interface Output {
  readonly kind: number;
  readonly region: Region;
}

const NONE: readonly never[] = [];

export class OutputRegions {
  readonly #request: Request;
  readonly #lease: Lease;
  /** None if the thread that asks for the call has them in memory of its own. */
  readonly #outputs: readonly Output[];

  /** @throws MemoryLimitError */
  constructor(request: Request, arena: Arena, lease: Lease) {
    this.#request = request;
    this.#lease = lease;
    const { outputs, guest, spec } = request;
    const kinds = guest === undefined ? (outputs?.kinds ?? NONE) : NONE;
    this.#outputs = kinds.map((kind) => takeOutput(kind, spec.length, arena, lease));
  }

  /** The spec with the outputs, which are entered into the array table behind the inputs. */
  jobSpec(): JobSpec {
    const { outputs, table, spec, guest } = this.#request;
    if (outputs === null) return spec;
    const own = this.#outputs.map(({ kind, region }) => viewOf(kind, region.buffer, 0, spec.length));
    const arrays = (guest?.outputs ?? own).map((array) => table.add(array));
    const clearOutputs = spec.clearOutputs === true || this.#outputs.some(({ region }) => region.recycled);
    return { ...spec, outputs: { names: outputs.names, arrays }, clearOutputs };
  }

  /** The user's arrays over them. From here on they live as long as these. */
  lend(): TypedArray[] {
    const { length } = this.#request.spec;
    return this.#outputs.map(({ kind, region }) => {
      return viewOf(kind, this.#lease.lend(region, length * elementBytes(kind)), 0, length);
    });
  }
}

function takeOutput(kind: number, length: number, arena: Arena, lease: Lease): Output {
  const region = arena.take(length * elementBytes(kind), "nothing", true);
  lease.add(region, true);
  return { kind, region };
}
