import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import type { TypedArray } from "../../../src/memory/dtypes.js";
import { place, placedAt } from "../../../src/memory/placement.js";
import type { Region } from "../../../src/memory/region.js";
import { Snapshot } from "../../../src/memory/snapshot.js";
import { aliasedArrays, bytesOf, KINDS, makeView, onShared, planOf } from "../arbitraries.js";

const never = (): undefined => undefined;

function newArena(): Arena {
  return new Arena(2 ** 30);
}

/** A snapshot of arrays that tasks then run on: placed, or (`sequential`) where they are. */
async function taken(list: readonly TypedArray[], sequential: boolean) {
  const arena = newArena();
  const plan = planOf(list);
  const snapshot = new Snapshot(list, plan);
  // Memory that was used before: what is not copied would show.
  const region = snapshot.prepare(arena);
  new Uint8Array(region.buffer).fill(0xa5);
  await snapshot.take(never);
  const placed = sequential ? undefined : await place(plan, arena, never);
  snapshot.ranOn(placed);
  /** The byte that a task would change, where it would find it. */
  const locate = (array: TypedArray, byte: number): DataView => {
    const extent = plan.extentOf.get(array);
    if (extent === undefined || placed === undefined) {
      return new DataView(array.buffer, array.byteOffset + byte, 1);
    }
    return new DataView(placed.buffer, placedAt(extent) + byte, 1);
  };
  return { snapshot, arena, placed, locate };
}

function flip(at: DataView, bit: number): void {
  at.setUint8(0, at.getUint8(0) ^ (1 << bit));
}

describe("a snapshot", () => {
  it("finds no change if there is none", async () => {
    await fc.assert(
      fc.asyncProperty(aliasedArrays, fc.boolean(), async (repeated, sequential) => {
        const { snapshot } = await taken([...new Set(repeated)], sequential);
        expect(await snapshot.findChange(never)).toBeUndefined();
      }),
    );
  });

  it("finds any changed bit: the first array that has it, and the exact element", async () => {
    await fc.assert(
      fc.asyncProperty(
        aliasedArrays,
        fc.boolean(),
        fc.nat(),
        fc.nat(),
        fc.nat(7),
        async (repeated, sequential, which, where, bit) => {
          const list = [...new Set(repeated)];
          const full = list.filter((array) => array.byteLength > 0);
          fc.pre(full.length > 0);
          const { snapshot, locate } = await taken(list, sequential);
          const array = full[which % full.length] as TypedArray;
          const at = locate(array, where % array.byteLength);
          flip(at, bit);
          // Whoever sees that byte sees the change.
          const seen = list.map((each) => {
            if (each.byteLength === 0) return undefined;
            const first = locate(each, 0);
            const byte = at.byteOffset - first.byteOffset;
            if (first.buffer !== at.buffer || byte < 0 || byte >= each.byteLength) return undefined;
            return Math.floor(byte / each.BYTES_PER_ELEMENT);
          });
          const first = seen.findIndex((index) => index !== undefined);
          expect(await snapshot.findChange(never)).toEqual({
            array: first,
            index: seen[first],
            length: list[first]?.length,
          });
          flip(at, bit);
          expect(await snapshot.findChange(never)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it("finds the first of several changes, in arrays of every kind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS),
        fc.boolean(),
        fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 5 }),
        async (kind, shared, indices) => {
          const plain = makeView(kind, new ArrayBuffer(100 * kind.BYTES_PER_ELEMENT), 0, 100);
          const array = shared ? onShared(plain) : plain;
          const { snapshot } = await taken([new Float64Array(3), array], true);
          for (const index of indices) {
            flip(new DataView(array.buffer, index * kind.BYTES_PER_ELEMENT, 1), 0);
          }
          expect(await snapshot.findChange(never)).toEqual({
            array: 1,
            index: Math.min(...indices),
            length: 100,
          });
        },
      ),
    );
  });

  it("compares bits: the other zero and another NaN are changes", async () => {
    const zeros = new Float64Array(10);
    const first = await taken([zeros], true);
    zeros[4] = -0;
    expect(await first.snapshot.findChange(never)).toMatchObject({ index: 4 });

    const bits = new BigUint64Array(10).fill(0x7ff8_0000_0000_0000n);
    const nans = new Float64Array(bits.buffer);
    const second = await taken([nans], true);
    bits[9] = 0x7ff8_0000_0000_0001n;
    expect(nans[9]).toBeNaN();
    expect(await second.snapshot.findChange(never)).toMatchObject({ index: 9 });
  });

  it("finds a change at both sides of the borders of its blocks, and pauses between them", async () => {
    const length = 3 * 2 ** 20 + 5;
    for (const index of [0, 2 ** 20 - 1, 2 ** 20, 2 * 2 ** 20, length - 1]) {
      const array = new Uint8Array(length);
      const { snapshot } = await taken([array], true);
      let pauses = 0;
      const pause = (): undefined => {
        pauses += 1;
      };
      expect(await snapshot.findChange(pause)).toBeUndefined();
      expect(pauses).toBe(4);
      array[index] = 1;
      expect(await snapshot.findChange(never)).toEqual({ array: 0, index, length });
    }
  });

  it("takes overlapping views once, on shared memory too", () => {
    for (const whole of [new Float64Array(1000), onShared(new Float64Array(1000))]) {
      const list = [whole, whole.subarray(0, 600), whole.subarray(400)];
      expect(new Snapshot(list, planOf(list)).bytes).toBe(8000);
    }
  });

  it("is taken once, before the first task", async () => {
    const array = new Int8Array(4);
    const { snapshot } = await taken([array], true);
    array[2] = 1;
    await snapshot.take(never);
    expect(await snapshot.findChange(never)).toMatchObject({ index: 2 });
  });

  it("looks at the caller's arrays and at the placed ones if tasks ran on both", async () => {
    const own = new Uint8Array(8);
    const other = onShared(new Uint8Array(8));
    const { snapshot, placed } = await taken([own, other], false);
    const copy = new Uint8Array((placed as Region).buffer, 0, 8);
    own[5] = 1;
    // The caller's own is nobody's concern when no task ran on it.
    expect(await snapshot.findChange(never)).toBeUndefined();
    other[1] = 1;
    expect(await snapshot.findChange(never)).toMatchObject({ array: 1, index: 1 });
    copy[6] = 1;
    expect(await snapshot.findChange(never)).toMatchObject({ array: 0, index: 6 });
    snapshot.ranOn(undefined);
    expect(await snapshot.findChange(never)).toMatchObject({ array: 0, index: 5 });
    copy[3] = 1;
    expect(await snapshot.findChange(never)).toMatchObject({ array: 0, index: 3 });
  });

  it("counts elements that are gone as changed", async () => {
    const transferred = new Float64Array(6);
    const first = await taken([new Uint8Array(2), transferred], true);
    structuredClone(transferred, { transfer: [transferred.buffer] });
    expect(await first.snapshot.findChange(never)).toEqual({ array: 1, index: 0, length: 6 });

    const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
    const shrunk = new Int32Array(buffer, 4, 3);
    const second = await taken([shrunk], true);
    buffer.resize(8);
    expect(await second.snapshot.findChange(never)).toEqual({ array: 0, index: 1, length: 3 });
  });

  it("leaves what it looks at as it is", async () => {
    const list = [new Float64Array([1, Number.NaN, -0]), onShared(new Int16Array([1, 2]))];
    const before = list.map(bytesOf);
    const { snapshot } = await taken(list, true);
    await snapshot.findChange(never);
    expect(list.map(bytesOf)).toEqual(before);
  });
});
