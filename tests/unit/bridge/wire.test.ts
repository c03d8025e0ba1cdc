import { describe, expect, it } from "vitest";
import {
  askedBy,
  isSameRequest,
  NO_PARTS,
  packArrays,
  packItems,
  packRequest,
  unpackArrays,
  unpackItems,
  unpackRequest,
} from "../../../src/bridge/wire.js";
import { readItemsCall, readPayloadCall } from "../../../src/call/read-request.js";
import { Arena } from "../../../src/memory/arena.js";
import { kindOf } from "../../../src/memory/dtypes.js";
import { Lease } from "../../../src/memory/lease.js";
import { callSettings } from "../call/settings.js";

const x = new Float64Array(1000);
const shared = new Int32Array(new SharedArrayBuffer(4000));

describe("a request between the two sides", () => {
  it("describes the same call, with its arrays in place", () => {
    const options = { args: { rate: 2 }, timeout: 50, taskSizeHintBytes: 9, chunkSize: 100 };
    const request = readPayloadCall(
      "transformShared",
      { x, shared },
      () => 1,
      Float32Array,
      options,
      callSettings({ chunkSize: 7 }),
    );
    const wire = structuredClone(packRequest(askedBy(request)));
    const guest = {
      outputs: [new Float32Array(1000)],
      lease: new Lease(new Arena(1)),
      onRun: () => {},
    };
    const onProgress = () => {};
    const parts = { arrays: request.table.arrays, items: undefined, guest, onProgress };
    const arrived = unpackRequest(wire, request.kernel, parts);
    const { call, spec, outputs, instances, workShape, profileKey, arrayKinds } = request;
    expect(arrived).toMatchObject({ call, spec, outputs, instances, workShape, profileKey, arrayKinds });
    expect(arrived.kernel).toBe(request.kernel);
    expect(arrived.table.arrays).toEqual(request.table.arrays);
    expect(arrived.guest).toBe(guest);
    expect(arrived.options).toMatchObject({ timeout: 50, taskSizeHintBytes: 9, onProgress });
    // The client has placed what was plain.
    expect(request.placement).toMatchObject({ bytesPlaced: 8000, bytesShared: 4000 });
    expect(arrived.placement).toMatchObject({ bytesPlaced: 0, bytesNeeded: 0, bytesShared: 12_000 });
  });

  it("leaves options of the client's side behind", () => {
    const signal = new AbortController().signal;
    const onProgress = () => {};
    const options = { args: 1, shared: { x }, signal, onProgress, strategy: "threads" as const };
    const request = readItemsCall([1], (i: number) => i, options, callSettings());
    const { options: given, guest } = unpackRequest(packRequest(askedBy(request)), request.kernel, NO_PARTS);
    expect(given).toEqual({ strategy: "threads", onProgress: undefined });
    expect(guest).toBeUndefined();
  });

  it("carries the job as its client wants it run", () => {
    const request = readItemsCall([1], (i: number) => i, {}, callSettings());
    const asked = askedBy(request, { ...request.spec, clearOutputs: true });
    expect(unpackRequest(packRequest(asked), request.kernel, NO_PARTS).spec).toEqual(asked.spec);
  });

  it("is known again if every field is the same", () => {
    const options = { args: 1, timeout: 50 };
    const read = (kinds: Record<string, typeof Float32Array>, given: object = {}) =>
      askedBy(
        readPayloadCall(
          "transformShared",
          { x, shared },
          () => 1,
          kinds,
          given,
          callSettings({ chunkSize: 7, verifyImmutable: true }),
        ),
      );
    const transform = read({ a: Float32Array, b: Float32Array });
    const map = askedBy(readItemsCall([1, 2], (i: number) => i, {}, callSettings()));
    const similar = askedBy(readItemsCall([8, 9], (i: number) => 2 * i, {}, callSettings()));
    expect(isSameRequest(map, similar)).toBe(true);
    expect(isSameRequest(map, askedBy(readItemsCall([1], (i: number) => i, {}, callSettings())))).toBe(false);
    expect(isSameRequest(transform, read({ a: Float32Array, c: Float32Array }))).toBe(false);
    expect(isSameRequest(transform, read({ a: Float32Array }))).toBe(false);
    // Telling takes longer than sending them again.
    expect(isSameRequest(read({ a: Float32Array }, options), read({ a: Float32Array }, options))).toBe(false);
    expect(map.grounds.length).toBe(9);
    for (const at of map.grounds.keys()) {
      const grounds = map.grounds.map((field, i) => (i === at ? "other" : field));
      const other = { ...map, grounds: grounds as unknown as typeof map.grounds };
      expect([at, isSameRequest(map, other), isSameRequest(other, other)]).toEqual([at, false, true]);
    }
  });

  it("carries the bytes of its items, and no more", () => {
    const items = Array.from({ length: 100 }, (_, i) => ({ i }));
    const { items: packed } = readItemsCall(items, (i: never) => i, {}, callSettings());
    const wire = packItems(packed);
    expect(unpackItems(structuredClone(wire))).toEqual(packed);
    const [bytes] = wire as readonly [Uint8Array, Float64Array];
    expect((packed as { bytes: Uint8Array }).bytes.buffer.byteLength).toBeGreaterThan(bytes.byteLength);
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
    expect(unpackItems(packItems(undefined))).toBeUndefined();
  });

  it.each([0, 1, 2, 63, 64, 1000])("carries %i numbers as they are", (length) => {
    const numbers = Array.from({ length }, (_, i) => [-0, Number.NaN, i / 3][i % 3] as number);
    const { items } = readItemsCall(numbers, (i: never) => i, {}, callSettings());
    const arrived = unpackItems(structuredClone(packItems(items)));
    const packing = length === 0 ? "integers" : "numbers";
    expect(arrived).toEqual({ packing, numbers: Float64Array.from(numbers) });
    const counted = readItemsCall([...numbers.keys()], (i: never) => i, {}, callSettings());
    expect(unpackItems(structuredClone(packItems(counted.items)))?.packing).toBe("integers");
  });

  it.each([0, 1, 100])("carries %i arrays as places", (count) => {
    const buffer = new SharedArrayBuffer(8000);
    const arrays = Array.from({ length: count }, (_, i) => new Float64Array(buffer, 8 * i, i));
    const places = arrays.map(({ byteOffset, length }) => {
      return { kind: kindOf(new Float64Array(0)), memory: 7, buffer, byteOffset, length };
    });
    const arrived = unpackArrays(structuredClone(packArrays(places)), (id) => {
      expect(id).toBe(7);
      return buffer;
    });
    expect(arrived).toEqual(arrays);
    expect(arrived.every((array) => array.buffer === buffer)).toBe(true);
  });
});
