/** Features of WebAssembly, each shown by the smallest module that needs it. */
export type WasmFeature = "simd" | "threads" | "multiMemory" | "memory64" | "relaxedSimd";

const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A function without parameters, with this body. */
const withBody = (...body: number[]): number[] => [
  ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
];
const V128 = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];

const MODULES: Readonly<Record<WasmFeature, readonly number[]>> = {
  // v128.const, drop
  simd: withBody(...V128, 0x1a),
  // A memory of 1 to 1 pages that is shared.
  threads: [5, 4, 1, 3, 1, 1],
  multiMemory: [5, 5, 2, 0, 1, 0, 1],
  memory64: [5, 3, 1, 4, 1],
  // f32x4.relaxed_madd, drop
  relaxedSimd: withBody(...V128, ...V128, ...V128, 0xfd, 0x85, 0x02, 0x1a),
};

export function wasmFeatures(): Record<WasmFeature, boolean> {
  // --jitless and --no-expose-wasm switch it off.
  const has = (module: readonly number[]): boolean =>
    typeof WebAssembly !== "undefined" && WebAssembly.validate(new Uint8Array([...HEAD, ...module]));
  const entries = Object.entries(MODULES).map(([name, module]) => [name, has(module)]);
  return Object.fromEntries(entries) as Record<WasmFeature, boolean>;
}
