import { describe, expect, it } from "vitest";
import { encodeCaptured } from "../../../src/call/captured-values.js";
import { KernelCaptureError } from "../../../src/errors.js";
import type { Kernel } from "../../../src/kernel/resolve.js";
import { ArrayTable } from "../../../src/protocol/array-table.js";
import { ValueDecoder } from "../../../src/protocol/codec.js";

function kernelWith(values: Readonly<Record<string, unknown>> | undefined): Kernel {
  return { name: "k", captured: values && { values, functions: [] } } as unknown as Kernel;
}

describe("captured values", () => {
  it("are encoded as args are: by reference, or inline if they are small", () => {
    const [big, small] = [new Float64Array(10_000).fill(1), new Float64Array([1, 2])];
    const table = new ArrayTable();
    const values = { big, same: { big }, small, "f.rate": -0, none: undefined };
    const encoded = encodeCaptured(kernelWith(values), table, 4, false) as Uint8Array;
    expect(table.arrays).toHaveLength(1);
    expect(encoded.length).toBeLessThan(200);
    const decoded = new ValueDecoder(table.arrays).decode(encoded) as typeof values;
    expect(decoded).toEqual({ big, same: { big }, small, "f.rate": -0 });
    expect(decoded.big).toBe(decoded.same.big);
  });

  it("all cross by reference if changes are to be seen, and are named", () => {
    const table = new ArrayTable();
    encodeCaptured(kernelWith({ weights: new Uint8Array(3), "f.x": new Uint8Array(1) }), table, 4, true);
    expect(table.sightings).toEqual([
      { name: "captures.weights", tasks: [0, 3] },
      { name: 'captures["f.x"]', tasks: [0, 3] },
    ]);
  });

  it("of a kernel without any are none", () => {
    expect(encodeCaptured(kernelWith(undefined), new ArrayTable(), 1, false)).toBeUndefined();
  });

  it("that can't be encoded are refused by their path", () => {
    let error: unknown;
    try {
      encodeCaptured(kernelWith({ fine: 1, "f.id": { deep: 2n ** 70n } }), new ArrayTable(), 1, false);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(KernelCaptureError);
    expect((error as KernelCaptureError).variables).toEqual(["f.id"]);
    expect((error as Error).message).toContain("which must be a bigint of at most 64 bits");
  });
});
