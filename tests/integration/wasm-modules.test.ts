/** WebAssembly modules in `args`, `shared`, items and captured variables: compiled once, instantiated where they are used. */
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { runClient } from "./bridge.js";

/** `(f64, f64) => f64`, their sum or their product. */
function moduleOf(instruction: number): WebAssembly.Module {
  return new WebAssembly.Module(
    Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 7, 1, 0x60, 2, 0x7c, 0x7c, 1, 0x7c],
      ...[3, 2, 1, 0],
      ...[7, 5, 1, 1, 0x66, 0, 0],
      ...[10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, instruction, 0x0b],
    ]),
  );
}
const [add, multiply] = [moduleOf(0xa0), moduleOf(0xa2)];

const sequential = new ParallelExecutor({ strategy: "sequential" });
const threads = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
afterAll(() => Promise.all([sequential.shutdown(), threads.shutdown()]));

type Binary = (a: number, b: number) => number;

describe.each([
  ["sequential", sequential],
  ["threads", threads],
] as const)("on %s a module runs", (_, executor) => {
  test("in args, beside another and beside arrays", async () => {
    const table = new Float64Array(20_000).fill(3);
    const values = await executor.map(
      [1, 2, 3],
      (x, _, { args }) => {
        const [f, g] = [args.add, args.list[1]].map(
          (module) =>
            new WebAssembly.Instance(module as WebAssembly.Module).exports["f"] as unknown as Binary,
        ) as [Binary, Binary];
        return f(x, 10) + g(x, args.table[x] as number);
      },
      { args: { add, list: [add, multiply], table } },
    );
    expect(values).toEqual([1, 2, 3].map((x) => x + 10 + 3 * x));
  });

  test("in shared", async () => {
    const values = await executor.map(
      [1, 2, 3],
      (x, { module }) => (new WebAssembly.Instance(module).exports["f"] as unknown as Binary)(x, x),
      { shared: { module: multiply } },
    );
    expect(values).toEqual([1, 4, 9]);
  });

  test("as an item", async () => {
    const values = await executor.map([add, multiply], (module) => {
      return (new WebAssembly.Instance(module as WebAssembly.Module).exports["f"] as unknown as Binary)(3, 4);
    });
    expect(values).toEqual([7, 12]);
  });

  test("as a captured variable", async () => {
    const values = await executor.map([1, 2], (x) => {
      return (new WebAssembly.Instance(add).exports["f"] as unknown as Binary)(x, 0.5);
    });
    expect(values).toEqual([1.5, 2.5]);
  });

  test("again and again, as the same object, which stays the caller's", async () => {
    const same = await executor.map(
      [1, 2],
      (_x, _, { args }) => args.a === args.b && args.a instanceof WebAssembly.Module,
      {
        args: { a: add, b: add },
      },
    );
    expect(same).toEqual([true, true]);
    expect(Object.isFrozen(add)).toBe(false);
  });
});

test("a client of another thread sends a module", async () => {
  expect(await runClient(threads, "module", { module: multiply })).toEqual([2, 4, 6]);
});
