import { describe, expect, it } from "vitest";
import { handleOf, isWasmModule, memoryOf, moduleOf, standInFor } from "../../../src/memory/wasm-modules.js";
import { collectGarbageUntil } from "../collect-garbage.js";

const empty = (): WebAssembly.Module =>
  new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

describe("a WebAssembly module", () => {
  it("is told from other values", () => {
    expect(isWasmModule(empty())).toBe(true);
    for (const value of [{}, [], new Uint8Array(8), new WebAssembly.Instance(empty()), WebAssembly]) {
      expect(isWasmModule(value)).toBe(false);
    }
  });

  it("has one array in its place, by which it is found", () => {
    const [a, b] = [empty(), empty()];
    expect(standInFor(a)).toBe(standInFor(a));
    expect(moduleOf(standInFor(a).buffer)).toBe(a);
    expect(moduleOf(standInFor(b).buffer)).toBe(b);
    expect(moduleOf(new SharedArrayBuffer(0))).toBeUndefined();
  });

  it("is sent as itself, all other memory as its handle", () => {
    const module = empty();
    const { buffer } = standInFor(module);
    expect(handleOf(buffer)).toBe(module);
    expect(memoryOf(module)).toBe(buffer);
    const other = new SharedArrayBuffer(8);
    expect(handleOf(other)).toBe(other);
    expect(memoryOf(other)).toBe(other);
  });

  it("goes with its array if nobody has either", async () => {
    const kept = empty();
    standInFor(kept);
    let gone = 0;
    const registry = new FinalizationRegistry(() => {
      gone += 1;
    });
    for (let i = 0; i < 20; i++) {
      const module = empty();
      registry.register(module, undefined);
      registry.register(standInFor(module).buffer, undefined);
    }
    // The last ones may still be in a register.
    expect(await collectGarbageUntil(() => gone >= 36)).toBe(true);
    expect(moduleOf(standInFor(kept).buffer)).toBe(kept);
  });
});
