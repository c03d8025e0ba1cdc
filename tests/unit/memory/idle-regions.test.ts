import { describe, expect, it } from "vitest";
import { IdleRegions } from "../../../src/memory/idle-regions.js";
import type { Region } from "../../../src/memory/region.js";

let lastId = 0;

function region(size: number, idleSince = 0): Region {
  lastId += 1;
  return { id: lastId, buffer: new SharedArrayBuffer(size), recycled: true, uses: 0, idleSince };
}

function idleOf(...regions: readonly Region[]): IdleRegions {
  const idle = new IdleRegions();
  for (const each of regions) idle.put(each);
  return idle;
}

describe("idle regions", () => {
  it("serve a need with the region of its class that came back last", () => {
    const [first, last] = [region(4096), region(4096)];
    const idle = idleOf(first, last);
    expect(idle.bytes).toBe(8192);
    expect([idle.take(4096, Infinity, false), idle.take(4096, Infinity, false)]).toEqual([last, first]);
    expect(idle.take(4096, Infinity, false)).toBeUndefined();
    expect(idle.bytes).toBe(0);
  });

  it("serve a need with up to twice its size, or its very class, or up to eight times its size", () => {
    const idle = idleOf(region(8 * 4096), region(2 * 4096));
    expect(idle.take(4096, Infinity, true)).toBeUndefined();
    expect(idle.take(4096, 4096, false)).toBeUndefined();
    expect(idle.take(4096, Infinity, false)?.buffer.byteLength).toBe(2 * 4096);
    expect(idle.has(4096)).toBe(false);
    expect(idle.takeLarge(4096, 4096)).toBeUndefined();
    expect(idle.takeLarge(4096, Infinity)?.buffer.byteLength).toBe(8 * 4096);
  });

  it("know which needs they would not serve, each region counted once", () => {
    const idle = idleOf(region(4096), region(8192));
    expect(idle.lacking([4096, 4096])).toBe(0);
    expect(idle.lacking([4096, 4096, 4096])).toBe(4096);
    expect(idle.lacking([16_384])).toBe(16_384);
    expect(idle.bytes).toBe(12_288);
  });

  it("are drained with the largest first, down to what is to stay", () => {
    const idle = idleOf(region(4096), region(16_384), region(8192));
    expect([...idle.drain(5000)].map(({ buffer }) => buffer.byteLength)).toEqual([16_384, 8192]);
    expect(idle.bytes).toBe(4096);
  });

  it("are drained of those that nobody needed since a time", () => {
    const [old, older, young] = [region(4096, 2), region(8192, 1), region(4096, 3)];
    const idle = idleOf(old, older, young);
    expect(new Set(idle.drainUnused(2))).toEqual(new Set([old, older]));
    expect(idle.take(4096, Infinity, true)).toBe(young);
  });
});
