import { describe, expect, it } from "vitest";
import { clonesShare, Lendings } from "../../../src/memory/lendings.js";

const lend = (lendings: Lendings, id: number, ...parts: readonly (readonly [number, number])[]) => {
  const handle = new SharedArrayBuffer(64);
  lendings.add(id, handle, parts);
  return handle;
};

describe("lendings", () => {
  it("return a region with the last of its arrays, and none twice", () => {
    const lendings = new Lendings(2 ** 20);
    const handle = lend(lendings, 7, [0, 8], [8, 16]);
    expect(lendings.release(handle, 0, 9)).toBeUndefined();
    expect(lendings.release(handle, 0, 8)).toBeUndefined();
    expect(lendings.release(handle, 0, 8)).toBeUndefined();
    expect(lendings.isPart(handle, 8, 16)).toBe(true);
    expect(lendings.release(handle, 8, 16)).toBe(7);
    expect(lendings.release(handle, 8, 16)).toBeUndefined();
    expect(lendings.isPart(handle, 8, 16)).toBe(false);
  });

  it("find the first array whose memory was released", () => {
    const lendings = new Lendings(2 ** 20);
    const [kept, released] = [lend(lendings, 1, [0, 8]), lend(lendings, 2, [0, 8])];
    const arrays = [new Uint8Array(kept), new Uint8Array(4), new Uint8Array(released)];
    expect(lendings.firstReleased(arrays)).toBeUndefined();
    lendings.release(released, 0, 8);
    expect(lendings.firstReleased(arrays)).toBe(2);
    expect(lendings.firstReleased(arrays.slice(0, 2))).toBeUndefined();
  });

  it("count regions that were dropped, and not those that were released", () => {
    const lendings = new Lendings(2 ** 20);
    lend(lendings, 1, [0, 8]);
    const released = lend(lendings, 2, [0, 8]);
    lendings.release(released, 0, 8);
    expect([lendings.drop(1), lendings.drop(1), lendings.drop(2), lendings.drop(3)]).toEqual([64, 0, 0, 0]);
    expect([lendings.droppedOf(64), lendings.droppedOf(65)]).toEqual([1, 0]);
  });

  it("remember the furthest reach of kernels to a buffer, and know nothing of foreign ones", () => {
    const lendings = new Lendings(2 ** 20);
    const handle = lend(lendings, 1, [0, 8]);
    expect(lendings.reachOf(handle)).toBe("nobody");
    lendings.note(handle, "workers");
    expect(lendings.reachOf(handle)).toBe("workers");
    lendings.note(handle, "here");
    lendings.note(handle, "workers");
    expect(lendings.reachOf(handle)).toBe("here");
    const foreign = new SharedArrayBuffer(8);
    lendings.note(foreign, "here");
    expect(lendings.reachOf(foreign)).toBe("nobody");
  });
});

it("clones of shared memory share it on this runtime", () => {
  expect(clonesShare()).toBe(true);
});
