import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { placeOf } from "../../../src/memory/placement.js";
import { CONTROL_BYTES } from "../../../src/protocol/control-block.js";
import { type Descriptor, packPlaces, unpackPlaces } from "../../../src/protocol/descriptor.js";
import type { JobSpec } from "../../../src/protocol/job-spec.js";
import type { WakeMessage } from "../../../src/protocol/messages.js";
import { AT, BUSY, LOG_WORDS, METER_WORDS, RUNNING } from "../../../src/protocol/meter.js";
import { readRound } from "../../../src/protocol/opened-round.js";
import { openRound, type Round } from "../../../src/protocol/round.js";
import { KINDS, onShared, planOf } from "../arbitraries.js";

const spec: JobSpec = {
  shape: "columns",
  tasks: 5,
  length: 2 ** 40,
  chunkSize: 3,
  inputs: { names: ["größe", "__proto"], arrays: [0, 1] },
  outputs: { names: null, arrays: [2] },
  clearOutputs: true,
  args: Uint8Array.of(1, 2, 3),
  shared: null,
};

const descriptor: Descriptor = {
  spec,
  kernel: 7,
  block: 8,
  packing: "msgpack",
  tasks: 3,
  stream: true,
  slots: false,
  grows: true,
  logged: 0,
  places: new Uint8Array(32),
};

function wakeFor({ region, descriptorBytes, version, orderLength }: Round, participant: number): WakeMessage {
  return {
    round: 1,
    memory: region.id,
    descriptorBytes,
    version,
    orderLength,
    workers: 3,
    participant,
    handles: null,
    kernel: null,
    forget: null,
    forgetKernels: null,
  };
}

describe("a round", () => {
  it("is read as it was written", () => {
    const arena = new Arena(2 ** 20);
    const order = Uint32Array.of(1, 3, 4);
    const round = openRound(arena, descriptor, 3, order, false);
    const read = readRound(round.region.buffer, wakeFor(round, 0));
    expect(read.descriptor).toEqual(descriptor);
    expect(read.order).toEqual(order);
    expect(read.order?.buffer).toBe(round.region.buffer);
    // One control block, seen from both sides.
    expect(round.control.claim(1)).toBe(0);
    expect(read.control.next).toBe(1);
    expect(read.control.limit).toBe(3);
  });

  it("needs no order", () => {
    const arena = new Arena(2 ** 20);
    const round = openRound(arena, descriptor, 3, undefined, false);
    expect(round.orderLength).toBe(0);
    const read = readRound(round.region.buffer, wakeFor(round, 2));
    expect(read.order).toBeUndefined();
    expect(read.descriptor).toEqual(descriptor);
  });

  it("has a meter for each worker, on a cache line of its own, apart from all else", () => {
    const arena = new Arena(2 ** 20);
    const round = openRound(arena, descriptor, 3, Uint32Array.of(0, 1, 2), false);
    const reads = [0, 1, 2].map((participant) => readRound(round.region.buffer, wakeFor(round, participant)));
    reads.forEach(({ meter }, participant) => {
      expect(meter).toHaveLength(METER_WORDS);
      meter[BUSY] = participant + 0.5;
      meter[RUNNING] = participant === 0 ? 0 : 1;
      meter[AT] = participant === 2 ? 0 : 3;
    });
    expect(round.busy()).toBe(4.5);
    // The first one pauses, the last one has begun no task.
    expect([0, 1, 2].map(round.at)).toEqual([undefined, 2, undefined]);
    const lines = reads.map(({ meter }) => Math.floor(meter.byteOffset / 64));
    expect(new Set([0, ...lines]).size).toBe(4);
    expect(CONTROL_BYTES).toBe(64);
    expect(readRound(round.region.buffer, wakeFor(round, 1)).descriptor).toEqual(descriptor);
    expect(reads[0]?.order).toEqual(Uint32Array.of(0, 1, 2));
    expect(round.control.next).toBe(0);
  });

  it("has a leave word for each worker, which no meter touches", () => {
    const round = openRound(new Arena(2 ** 20), descriptor, 3, undefined, true);
    const [first, second] = [0, 1].map((i) => readRound(round.region.buffer, wakeFor(round, i)));
    for (const read of [first, second]) read?.meter.fill(1e300);
    expect(second?.leave.leave()).toBe(false);
    expect([0, 1, 2].map((i) => round.leave(i).hasLeft)).toEqual([false, true, false]);
    expect(second?.meter[BUSY]).toBe(1e300);
    const loud = openRound(new Arena(2 ** 20), descriptor, 3, undefined, false);
    expect(readRound(loud.region.buffer, wakeFor(loud, 1)).leave.leave()).toBe(true);
  });

  it("starts anew on memory that was used before", () => {
    const arena = new Arena(2 ** 20);
    const used = arena.take(4096);
    new Uint8Array(used.buffer).fill(0xff);
    arena.give(used);
    const { region, control, busy, at } = openRound(arena, descriptor, 3, undefined, false);
    expect(region).toBe(used);
    expect([control.next, control.limit, control.ended, control.posted]).toEqual([0, 3, 0, 0]);
    expect(busy()).toBe(0);
    expect([0, 1, 2].map(at)).toEqual([undefined, undefined, undefined]);
  });
});

describe("rounds one after the other", () => {
  const variants = fc.record({
    spec: fc.record({
      shape: fc.constantFrom("items", "array"),
      tasks: fc.constantFrom(3, 4),
      length: fc.constantFrom(3, 4),
      chunkSize: fc.constantFrom(1, 2),
      inputs: fc.constantFrom(
        { names: null, arrays: [] },
        { names: null, arrays: [0] },
        { names: ["a"], arrays: [0] },
      ),
      outputs: fc.constantFrom(null, { names: null, arrays: [0] }, { names: ["b"], arrays: [0] }),
      clearOutputs: fc.boolean(),
      args: fc.constantFrom(null, Uint8Array.of(1), Uint8Array.of(2), new Uint8Array(1100)),
      shared: fc.constantFrom(null, Uint8Array.of(3)),
    }),
    kernel: fc.constantFrom(1, 2),
    block: fc.constantFrom(1, 2),
    packing: fc.constantFrom(null, "integers", "numbers", "msgpack"),
    tasks: fc.constantFrom(3, 4),
    stream: fc.boolean(),
    slots: fc.boolean(),
    grows: fc.boolean(),
    logged: fc.constantFrom(0, 2),
    places: fc.constantFrom(new Uint8Array(0), new Uint8Array(32), new Uint8Array(32).fill(1)),
  });
  // Often the same twice, as what repeats is what goes another way.
  const steps = fc.array(
    fc.record({
      descriptor: variants as fc.Arbitrary<Descriptor>,
      times: fc.integer({ min: 1, max: 3 }),
      workers: fc.integer({ min: 1, max: 2 }),
      isOrdered: fc.boolean(),
      isSilent: fc.boolean(),
      isOverwritten: fc.boolean(),
    }),
    { maxLength: 8 },
  );

  it("are each as if it were the first, also for a worker that reads only versions which it has not met", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const arena = new Arena(2 ** 20);
        const known = new Map<string, Descriptor>();
        for (const { descriptor, times, workers, isOrdered, isSilent, isOverwritten } of list) {
          for (let i = 0; i < times; i++) {
            const order = isOrdered ? Uint32Array.of(0, 2) : undefined;
            const round = openRound(arena, descriptor, workers, order, isSilent);
            const wake = { ...wakeFor(round, workers - 1), workers };
            const read = readRound(round.region.buffer, wake);
            const place = `${round.region.id} ${round.version}`;
            if (!known.has(place)) known.set(place, read.descriptor);
            expect(known.get(place)).toEqual(descriptor);
            expect(read.descriptor).toEqual(descriptor);
            expect(read.order).toEqual(order);
            const { next, limit, ended, posted } = read.control;
            expect([next, limit, ended, posted]).toEqual([0, descriptor.tasks, 0, 0]);
            expect(read.meter).toEqual(new Float64Array(METER_WORDS));
            expect(round.busy()).toBe(0);
            expect(read.leave.leave()).toBe(!isSilent);
            // What a round leaves behind, and what another call writes there.
            read.control.claim(1);
            read.meter.fill(7);
            arena.give(round.region);
            if (!isOverwritten) continue;
            const other = arena.take(round.region.buffer.byteLength);
            new Uint8Array(other.buffer).fill(0xff);
            arena.give(other);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("that are the same take no writing of the descriptor", () => {
    const arena = new Arena(2 ** 20);
    const versions = [1, 2, 3].map(() => {
      const round = openRound(arena, structuredClone(descriptor), 2, undefined, true);
      arena.give(round.region);
      return [round.region.id, round.version];
    });
    expect(new Set(versions.map(String)).size).toBe(1);
  });
});

describe("logs of claims", () => {
  it("are apart from all else, one per worker, seen from both sides", () => {
    const parts = fc.record({
      workers: fc.integer({ min: 1, max: 5 }),
      logged: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(parts, fc.nat(20), ({ workers, logged }, length) => {
        const arena = new Arena(2 ** 20);
        const order = length === 0 ? undefined : Uint32Array.from({ length }, (_, i) => i);
        const round = openRound(arena, { ...descriptor, logged }, workers, order, false);
        const wake = (participant: number) => ({ ...wakeFor(round, participant), workers });
        for (let i = 0; i < workers; i++) {
          const { log, meter } = readRound(round.region.buffer, wake(i));
          expect(log).toHaveLength(logged * LOG_WORDS);
          log?.fill(i + 1);
          meter.fill(i + 100);
        }
        for (let i = 0; i < workers; i++) {
          expect(new Set(round.log(i))).toEqual(new Set([i + 1]));
          expect(new Set(round.meters[i])).toEqual(new Set([i + 100]));
        }
        const read = readRound(round.region.buffer, wake(0));
        expect(read.descriptor).toEqual({ ...descriptor, logged });
        expect(read.order).toEqual(order);
        expect(round.control.next).toBe(0);
      }),
    );
  });

  it("are not there if nobody traces", () => {
    const round = openRound(new Arena(2 ** 20), descriptor, 3, undefined, false);
    expect(round.log(0)).toBeUndefined();
    expect(readRound(round.region.buffer, wakeFor(round, 0)).log).toBeUndefined();
  });
});

it("a round gives its region back if the descriptor can't be encoded", () => {
  const arena = new Arena(2 ** 20);
  const unfit = { ...descriptor, packing: (() => {}) as never };
  expect(() => openRound(arena, unfit, 2, undefined, false)).toThrow();
  expect(arena.usage().bytesInUse).toBe(0);
});

describe("places of arrays", () => {
  it("lead to the same memory on the other side", () => {
    const arena = new Arena(2 ** 20);
    const arrays = KINDS.map((kind) => onShared(new kind(6)).subarray(2, 5));
    const plan = planOf(arrays);
    const places = arrays.map((array) => placeOf(array, plan, undefined, arena));
    const handles = new Map(places.map(({ memory, buffer }) => [memory, buffer]));
    const packed = packPlaces(places);
    // As msgpack hands it out: at any offset.
    const shifted = new Uint8Array(packed.length + 3).subarray(3);
    shifted.set(packed);
    const back = unpackPlaces(shifted, (id) => handles.get(id) as SharedArrayBuffer);
    back.forEach((view, i) => {
      const array = arrays[i] as (typeof arrays)[number];
      expect(view.constructor).toBe(array.constructor);
      expect(view.buffer).toBe(array.buffer);
      expect([view.byteOffset, view.length]).toEqual([array.byteOffset, array.length]);
    });
    expect(back).toHaveLength(KINDS.length);
  });
});
