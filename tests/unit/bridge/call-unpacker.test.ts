import { describe, expect, it } from "vitest";
import { CallPacker } from "../../../src/bridge/call-packer.js";
import { CallUnpacker } from "../../../src/bridge/call-unpacker.js";
import type { ClientCall } from "../../../src/bridge/client-call.js";
import { HostCall } from "../../../src/bridge/host-call.js";
import type { WireCall } from "../../../src/bridge/wire.js";
import { readPayloadCall } from "../../../src/call/read-request.js";
import { ConnectionError } from "../../../src/errors.js";
import { Arena } from "../../../src/memory/arena.js";
import { placeOf } from "../../../src/memory/placement.js";

import { callSettings } from "../call/settings.js";

const shared = new Float64Array(new SharedArrayBuffer(80)).map((_, i) => i);
const kernel = (x: { readonly length: number }) => x.length;

/** Calls as a client posts them, one after the other. */
function callsOf(count: number, onProgress?: () => void): WireCall[] {
  const arena = new Arena(2 ** 20);
  const packer = new CallPacker();
  return Array.from({ length: count }, (_, id) => {
    const request = readPayloadCall(
      "mapShared",
      onShared(),
      kernel,
      undefined,
      { onProgress },
      callSettings({ chunkSize: 5 }),
    );
    const { spec, table, placement } = request;
    const places = () => table.arrays.map((array) => placeOf(array, placement, undefined, arena));
    const call = { id, request, spec, holdsMemory: false, places } as unknown as ClientCall;
    return structuredClone(packer.pack(call, undefined));
  });
}

const memory = new SharedArrayBuffer(80);
const onShared = () => new Float64Array(memory);
new Float64Array(memory).set(shared);

const hostCall = () =>
  new HostCall(
    1,
    false,
    new Arena(1),
    () => {},
    () => {},
  );
const ignore = () => {};

describe("a call as its host unpacks it", () => {
  it("has its arrays in place, and what only earlier calls brought", () => {
    const unpacker = new CallUnpacker();
    const [first, second] = callsOf(2).map((wire) => unpacker.unpack(wire, hostCall(), ignore));
    expect(second?.spec).toEqual(first?.spec);
    expect(second?.kernel).toBe(first?.kernel);
    expect(second?.table.arrays[0]).toEqual(shared);
    expect(second?.table.arrays[0]?.buffer).toBe(first?.table.arrays[0]?.buffer);
    expect(second?.guest?.outputs).toEqual([]);
    expect(second?.options.onProgress).toBeUndefined();
  });

  it("tells of its progress if its client wants to know", () => {
    const [wire] = callsOf(1, () => {}) as [WireCall];
    const { options } = new CallUnpacker().unpack(wire, hostCall(), ignore);
    expect(options.onProgress).toBe(ignore);
  });

  it.each([
    ["the message before it", (_: CallUnpacker) => {}, 0],
    ["the request that it repeats", (unpacker: CallUnpacker) => unpacker.lost(), 1],
    ["its memory", (unpacker: CallUnpacker) => unpacker.clear(), 1],
  ])("is refused if the host lacks %s", (_, lose, received) => {
    const unpacker = new CallUnpacker();
    const [first, second] = callsOf(2) as [WireCall, WireCall];
    if (received > 0) unpacker.unpack(first, hostCall(), ignore);
    lose(unpacker);
    expect(() => unpacker.unpack(second, hostCall(), ignore)).toThrow(ConnectionError);
  });

  it("finds no memory that its client has let go", () => {
    const unpacker = new CallUnpacker();
    const [first, second] = callsOf(2) as [WireCall, WireCall];
    unpacker.unpack(first, hostCall(), ignore);
    const [id] = [...(first[8] as Map<number, SharedArrayBuffer>).keys()];
    unpacker.forget([id as number]);
    expect(() => unpacker.unpack(second, hostCall(), ignore)).toThrow(ConnectionError);
  });
});
