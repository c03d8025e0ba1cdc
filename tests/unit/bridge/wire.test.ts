import { describe, expect, it } from "vitest";
import { compact, NO_PARTS, packRequest, unpackRequest } from "../../../src/bridge/wire.js";
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

  it("carries of its items what they take, and no more", () => {
    const items = Array.from({ length: 100 }, (_, i) => ({ i }));
    const { items: packed } = readItemsCall(items, (i: never) => i, {}, false);
    const compacted = compact(packed);
    expect(compacted).toEqual(packed);
    if (packed?.packing !== "msgpack" || compacted?.packing !== "msgpack") throw new Error("no msgpack");
    expect(packed.bytes.buffer.byteLength).toBeGreaterThan(packed.bytes.byteLength);
    expect(compacted.bytes.buffer.byteLength).toBe(packed.bytes.byteLength);
    const numbers = readItemsCall([1, 2], (i: never) => i, {}, false).items;
    expect(compact(numbers)).toBe(numbers);
  });
});
