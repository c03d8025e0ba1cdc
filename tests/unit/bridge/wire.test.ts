import { describe, expect, it } from "vitest";
import {
  NO_PARTS,
  packRequest,
  transferables,
  unpackRequest,
  type WireCall,
} from "../../../src/bridge/wire.js";
import { Arena } from "../../../src/memory/arena.js";
import { Lease } from "../../../src/memory/lease.js";
import { readItemsCall, readPayloadCall } from "../../../src/request.js";

const load = async () => () => {
  throw new Error("not to be loaded");
};
const x = new Float64Array(1000);
const shared = new Int32Array(new SharedArrayBuffer(4000));

describe("a request between the two sides", () => {
  it("says the same of the call, with its arrays in place", () => {
    const options = { args: { rate: 2 }, timeout: 50, taskSizeHintBytes: 9, chunkSize: 100 };
    const request = readPayloadCall(
      "transformShared",
      { x, shared },
      () => 1,
      Float32Array,
      options,
      7,
      false,
    );
    const wire = structuredClone(packRequest(request));
    const guest = {
      outputs: [new Float32Array(1000)],
      clearOutputs: true,
      lease: new Lease(new Arena(1, () => {})),
    };
    const signal = new AbortController().signal;
    const onProgress = () => {};
    const parts = { arrays: request.table.arrays, items: undefined, guest, signal, onProgress };
    const arrived = unpackRequest(wire, parts, load);
    const { call, spec, outputs, instances, taskBytes, profileKey, arrayKinds } = request;
    expect(arrived).toMatchObject({ call, spec, outputs, instances, taskBytes, profileKey, arrayKinds });
    expect(arrived.kernel.address).toEqual(request.kernel.address);
    expect(arrived.table.arrays).toEqual(request.table.arrays);
    expect(arrived.guest).toBe(guest);
    expect(arrived.options).toMatchObject({ timeout: 50, taskSizeHintBytes: 9, signal, onProgress });
    // The client has placed what was plain.
    expect(request.placement).toMatchObject({ bytesPlaced: 8000, bytesShared: 4000 });
    expect(arrived.placement).toMatchObject({ bytesPlaced: 0, bytesNeeded: 0, bytesShared: 12_000 });
  });

  it("leaves what is the client's own business behind", () => {
    const signal = new AbortController().signal;
    const onProgress = () => {};
    const options = { args: 1, shared: { x }, signal, onProgress, strategy: "threads" as const };
    const { options: settings } = packRequest(readItemsCall([1], (i: number) => i, options, false));
    expect(settings).toEqual({ strategy: "threads" });
    const arrived = unpackRequest(
      packRequest(readItemsCall([1], (i: number) => i, {}, false)),
      NO_PARTS,
      load,
    );
    expect("guest" in arrived).toBe(false);
  });

  it("moves what it was packed into", () => {
    const wired = (items: unknown[], options: object) => {
      const request = readItemsCall(items, (i: never) => i, options, false);
      return { request: packRequest(request), items: request.items } as WireCall;
    };
    const numbers = wired([1, 2, 3], { args: { a: 1 }, shared: { x } });
    const bytes = [numbers.request.spec.args, numbers.request.spec.shared].map((each) => each?.buffer);
    expect(transferables(numbers)).toEqual([
      (numbers.items as { numbers: Float64Array }).numbers.buffer,
      ...bytes,
    ]);
    const values = wired([{ a: 1 }, "text"], {});
    const moved = transferables(values);
    expect(moved).toHaveLength(2);
    structuredClone(values, { transfer: moved });
    expect((values.items as unknown as { bytes: Uint8Array }).bytes.length).toBe(0);
  });
});
