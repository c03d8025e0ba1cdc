/** `iterateShared`: one pass of the engine, in which workers go over the state as often as they are told. */
import type { TypedArray } from "../memory/dtypes.js";
import { stateAfter } from "../protocol/pass-order.js";
import type { Backend } from "./backend.js";
import { named } from "./outcome.js";
import type { Request } from "./request.js";

/** @returns the state after the last pass, as the input names it */
export async function iterate(
  backend: Backend,
  request: Request,
): Promise<TypedArray | Record<string, TypedArray>> {
  const { values, outputs } = await backend.run(request);
  const { names, arrays } = request.spec.inputs;
  const kept = stateAfter(values[0] as number, arrays.length, outputs);
  for (const array of outputs) {
    if (kept.includes(array)) continue;
    backend.arena.release(array.buffer as SharedArrayBuffer, array.byteOffset, array.byteLength);
  }
  return named(names, kept);
}
