import { expect, it } from "vitest";
import { CallPacker } from "../../../src/bridge/call-packer.js";
import type { ClientCall } from "../../../src/bridge/client-call.js";

const memory = { memory: 7, buffer: new SharedArrayBuffer(8), kind: 0, byteOffset: 0, length: 1 };
const spec = {
  shape: "items",
  tasks: 1,
  length: 1,
  chunkSize: 1,
  inputs: { names: null, arrays: [] },
  outputs: null,
  args: null,
  shared: null,
};
const call = {
  id: 1,
  holdsMemory: false,
  spec,
  places: () => [memory],
  request: {
    call: "map",
    kernel: { id: 3, address: { kind: "inline", source: "x", name: "x", stateful: false } },
    spec,
    table: { arrays: [1] },
    outputs: null,
    instances: 1,
    workShape: { taskBytes: 0 },
    arrayKinds: 0,
    placement: { bytesPlaced: 0, bytesShared: 0 },
    sightings: null,
    options: {},
  },
} as unknown as ClientCall;

/** What crosses of the kernel, the request and the memory. */
const sent = (packer: CallPacker): boolean[] => {
  const wire = packer.pack(call, undefined);
  return [wire[3] !== null, wire[4] !== null, wire[8] !== null];
};

it("a call brings what the host lacks, and all of it again if the host may not have read it", () => {
  const packer = new CallPacker();
  expect(sent(packer)).toEqual([true, true, true]);
  expect(sent(packer)).toEqual([false, false, false]);
  packer.reset();
  expect(sent(packer)).toEqual([true, true, true]);
  expect(sent(packer)).toEqual([false, false, false]);
});

it("the host is told to forget memory of a call that it may not have, too", () => {
  const packer = new CallPacker();
  packer.pack(call, undefined);
  packer.reset();
  expect(packer.forget(7)).toBe(true);
  expect(packer.forget(7)).toBe(false);
  expect(packer.pack(call, undefined)[8]).toEqual(new Map([[7, memory.buffer]]));
});
