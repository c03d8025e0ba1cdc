import { describe, expect, it } from "vitest";
import type { AnyKernel, KernelContext } from "../../../src/kernel/types.js";
import type { TypedArray } from "../../../src/memory/dtypes.js";
import { ArrayTable } from "../../../src/protocol/array-table.js";
import { ValueEncoder } from "../../../src/protocol/codec.js";
import { ControlBlock } from "../../../src/protocol/control-block.js";
import { type PackedItems, packItems } from "../../../src/protocol/items.js";
import type { JobSpec } from "../../../src/protocol/job-spec.js";
import { bindTasks } from "../../../src/tasks/bind-tasks.js";
import { isThenable } from "../../../src/tasks/is-thenable.js";

const base: JobSpec = {
  shape: "array",
  tasks: 3,
  length: 5,
  chunkSize: 2,
  inputs: { names: null, arrays: [0] },
  outputs: null,
  args: null,
  shared: null,
};

function newControl(): ControlBlock {
  const control = new ControlBlock(new Int32Array(16));
  control.reset(3);
  return control;
}

function bind(
  spec: Partial<JobSpec>,
  arrays: readonly TypedArray[],
  kernel: (...parameters: never[]) => unknown,
  items?: PackedItems,
) {
  const control = newControl();
  return {
    control,
    ...bindTasks({ ...base, ...spec }, arrays, items, kernel as AnyKernel, () => control.aborted),
  };
}

type Context = KernelContext<unknown>;

const five = () => Float64Array.of(0, 1, 2, 3, 4);

describe("what a kernel is called with", () => {
  it("an array: views of its chunks, without a copy", () => {
    const array = five();
    const { run } = bind({}, [array], (view: Float64Array, { index, start, end }: Context) => {
      expect(view.buffer).toBe(array.buffer);
      return [index, start, end, ...view];
    });
    expect([0, 1, 2].map(run)).toEqual([
      [0, 0, 2, 0, 1],
      [1, 2, 4, 2, 3],
      [2, 4, 5, 4],
    ]);
  });

  it("views reach beyond their chunk, as far as there is something", () => {
    const { run } = bind(
      { before: 3, after: 1 },
      [five()],
      (view: Float64Array, { start, end, before, after }: Context) => [start, end, before, after, ...view],
    );
    expect([0, 1, 2].map(run)).toEqual([
      [0, 2, 0, 1, 0, 1, 2],
      [2, 4, 2, 1, 0, 1, 2, 3, 4],
      [4, 5, 3, 0, 1, 2, 3, 4],
    ]);
    const alone = bind({}, [five()], (_view: unknown, { before, after }: Context) => [before, after]);
    expect(alone.run(1)).toEqual([0, 0]);
  });

  it("rows: views of whole ones, with neighbours and outputs by rows", () => {
    const arrays = [Int8Array.from({ length: 15 }, (_, i) => i), new Int8Array(15)];
    const { run } = bind(
      { rowLength: 3, after: 1, outputs: { names: null, arrays: [1] }, per: [3] },
      arrays,
      (view: Int8Array, out: Int8Array, { start, end, after }: Context) => {
        out.set([start, end, after, view.length, view[0] as number].slice(0, out.length));
      },
    );
    for (const index of [2, 1, 0]) run(index);
    expect([...(arrays[1] as Int8Array)]).toEqual([0, 2, 1, 9, 0, 0, 2, 4, 1, 9, 6, 0, 4, 5, 0]);
  });

  it("columns: a record of views", () => {
    const arrays = [five(), Int8Array.of(5, 6, 7, 8, 9)];
    const { run } = bind(
      { shape: "columns", inputs: { names: ["b", "a"], arrays: [0, 1] } },
      arrays,
      (views: Record<string, TypedArray>) => Object.entries(views).map(([name, view]) => [name, ...view]),
    );
    expect(run(1)).toEqual([
      ["b", 2, 3],
      ["a", 7, 8],
    ]);
  });

  it("a list: one array, whole, by its place in the table", () => {
    const arrays = [five(), Int8Array.of(7)];
    const { run } = bind(
      { shape: "list", tasks: 3, inputs: { names: null, arrays: [1, 0, 1] } },
      arrays,
      (array: TypedArray, { index, start, end }: Context) => [array, index, start, end],
    );
    expect(run(0)).toEqual([arrays[1], 0, 0, 1]);
    expect(run(1)).toEqual([arrays[0], 1, 0, 5]);
    expect((run(2) as unknown[])[0]).toBe(arrays[1]);
  });

  it("items: the item, what is shared, the context", () => {
    const table = new ArrayTable();
    const shared = new ValueEncoder(table, 0, 1).encode({ delays: five() }, "shared").slice();
    const items = packItems([{ seed: 1 }, { seed: 2 }], 2, new ValueEncoder(table, 0, 2));
    const { run } = bind(
      { shape: "items", tasks: 2, shared, inputs: { names: null, arrays: [] } },
      table.arrays,
      (item: { seed: number }, { delays }: { delays: Float64Array }, context: Context) => {
        return [item.seed, delays[4], context.index, context.start, context.end];
      },
      items,
    );
    expect(run(1)).toEqual([2, 4, 1, 1, 2]);
    expect(run(0)).toEqual([1, 4, 0, 0, 1]);
  });

  it("items without anything shared: an empty frozen object", () => {
    const items = packItems([1], 1, new ValueEncoder(new ArrayTable(), 0, 1));
    const { run } = bind({ shape: "items", tasks: 1 }, [], (_item: number, shared: object) => shared, items);
    expect(run(0)).toEqual({});
    expect(Object.isFrozen(run(0))).toBe(true);
  });

  it("what is shared, in the context of every call", () => {
    const table = new ArrayTable();
    table.add(five());
    const shared = new ValueEncoder(table, 0, 1).encode({ delays: five() }, "shared").slice();
    const kernel = (_view: unknown, context: KernelContext<unknown, object>) => context.shared;
    const { run } = bind({ shared }, table.arrays, kernel);
    expect(run(0)).toEqual({ delays: five() });
    expect(run(0)).toBe(run(1));
    expect(Object.isFrozen(run(0))).toBe(true);
    expect(bind({}, [five()], kernel).run(0)).toEqual({});
  });

  it("args: decoded once, frozen; undefined if there are none", () => {
    const args = new ValueEncoder(new ArrayTable(), 0, 1).encode({ rate: 2 }, "args").slice();
    const kernel = (_view: unknown, context: Context) => context.args;
    const { run } = bind({ args }, [five()], kernel);
    expect(run(0)).toEqual({ rate: 2 });
    expect(run(0)).toBe(run(1));
    expect(Object.isFrozen(run(0))).toBe(true);
    expect(bind({}, [five()], kernel).run(0)).toBeUndefined();
  });

  it("aborted(), which follows the control block", () => {
    const { run, control } = bind({}, [five()], (_view: unknown, context: Context) => context.aborted());
    expect(run(0)).toBe(false);
    control.abort();
    expect(run(0)).toBe(true);
  });
});

describe("outputs", () => {
  const outputs = { names: ["y", "n"], arrays: [1, 2] };

  it("are writable views of the same chunk, and what the kernel returns is dropped", async () => {
    const arrays = [five(), new Float64Array(5), new BigInt64Array(5)];
    const { run } = bind(
      { outputs },
      arrays,
      (x: Float64Array, { y, n }: { y: Float64Array; n: BigInt64Array }, { index }: Context) => {
        x.forEach((value, i) => {
          y[i] = value * 10;
        });
        n.fill(BigInt(index));
        return index === 1 ? Promise.resolve("ignored") : "ignored";
      },
    );
    expect(run(0)).toBeUndefined();
    expect(await run(1)).toBeUndefined();
    expect(run(2)).toBeUndefined();
    expect([...(arrays[1] as Float64Array)]).toEqual([0, 10, 20, 30, 40]);
    expect([...(arrays[2] as BigInt64Array)]).toEqual([0n, 0n, 1n, 1n, 2n]);
  });

  it("a bare one", () => {
    const arrays = [five(), new Float64Array(5)];
    const { run } = bind(
      { outputs: { names: null, arrays: [1] } },
      arrays,
      (x: Float64Array, y: Float64Array) => {
        y.set(x);
      },
    );
    run(2);
    expect([...(arrays[1] as Float64Array)]).toEqual([0, 0, 0, 0, 4]);
  });

  it("that hold old data are cleared, each task its own range, each time", () => {
    const arrays = [five(), new Float64Array(5).fill(9), new BigInt64Array(5).fill(9n)];
    const { run } = bind({ outputs, clearOutputs: true }, arrays, (_x: unknown, out: { y: Float64Array }) => {
      out.y[0] = (out.y[0] as number) + 1;
    });
    run(1);
    run(1);
    expect([...(arrays[1] as Float64Array)]).toEqual([9, 9, 1, 0, 9]);
    expect([...(arrays[2] as BigInt64Array)]).toEqual([9n, 9n, 0n, 0n, 9n]);
  });

  it("of several elements per row are cut and cleared by rows", () => {
    const arrays = [five(), new Float64Array(10).fill(9), new BigInt64Array(5).fill(9n)];
    const { run } = bind(
      { outputs, per: [2, 1], clearOutputs: true },
      arrays,
      (_x: unknown, { y, n }: { y: Float64Array; n: BigInt64Array }) => {
        y[y.length - 1] = y.length;
        n[0] = BigInt(n.length);
      },
    );
    run(1);
    run(2);
    expect([...(arrays[1] as Float64Array)]).toEqual([9, 9, 9, 9, 0, 0, 0, 4, 0, 2]);
    expect([...(arrays[2] as BigInt64Array)]).toEqual([9n, 9n, 2n, 0n, 1n]);
  });

  it("that are the caller's own are never cleared", () => {
    const arrays = [five(), new Float64Array(5).fill(9), new BigInt64Array(5).fill(9n)];
    bind({ outputs, keeps: [0], clearOutputs: true }, arrays, () => {}).run(0);
    expect([...(arrays[1] as Float64Array)]).toEqual([9, 9, 9, 9, 9]);
    expect([...(arrays[2] as BigInt64Array)]).toEqual([0n, 0n, 9n, 9n, 9n]);
  });

  it("of items are rows, and come before the context", () => {
    const items = packItems([5, 6], 2, new ValueEncoder(new ArrayTable(), 0, 2));
    const arrays = [new Float64Array(6)];
    const { run } = bind(
      { shape: "items", tasks: 2, outputs: { names: null, arrays: [0] }, per: [3] },
      arrays,
      (item: number, shared: object, out: Float64Array, { index }: Context) => {
        out.set([item, Object.keys(shared).length, index]);
        return "ignored";
      },
      items,
    );
    expect([run(1), run(0)]).toEqual([undefined, undefined]);
    expect([...(arrays[0] as Float64Array)]).toEqual([5, 0, 0, 6, 0, 1]);
  });

  it("of rows from nothing: the kernel gets no view", () => {
    const arrays = [new Float64Array(5)];
    const kernel = (none: unknown, out: Float64Array, { start, end }: Context) => {
      out.fill(none === undefined ? 10 * start + end : 0);
    };
    const { run } = bind(
      { shape: "rows", inputs: { names: null, arrays: [] }, outputs: { names: null, arrays: [0] } },
      arrays,
      kernel,
    );
    for (let i = 0; i < 3; i += 1) run(i);
    expect([...(arrays[0] as Float64Array)]).toEqual([2, 2, 24, 24, 45]);
  });

  it("of unknown length: room for each task, of which it returns how much it used", async () => {
    const arrays = [five(), new Float64Array(18).fill(9)];
    const spec = { outputs: { names: null, arrays: [1] }, per: [2], capacity: 3, clearOutputs: true };
    const { run } = bind(spec, arrays, (x: Float64Array, out: Float64Array, { index }: Context) => {
      out.set([x[0] as number, out.length]);
      return index === 1 ? Promise.resolve(2) : index;
    });
    expect([run(0), await run(1), run(2)]).toEqual([0, 2, 2]);
    expect([...(arrays[1] as Float64Array)]).toEqual([0, 6, 9, 9, 9, 9, 2, 6, 9, 9, 9, 9, 4, 6, 9, 9, 9, 9]);
    for (const count of [4, -1, 1.5, undefined]) {
      expect(() => bind(spec, arrays, () => count).run(0)).toThrow("an integer from 0 to 3");
    }
  });

  it("are copied side by side, without the kernel", () => {
    const arrays = [
      Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n),
      Float64Array.of(0, 1, 1, 3),
      new Int8Array(6),
      new BigInt64Array(3),
    ];
    const { run } = bind(
      {
        shape: "rows",
        inputs: { names: null, arrays: [0, 1] },
        outputs: { names: null, arrays: [3, 4] },
        per: [2, 1],
        capacity: 2,
        starts: 2,
      },
      arrays,
      () => {
        throw new Error("it was called");
      },
    );
    for (const index of [2, 0, 1]) run(index);
    expect([...(arrays[3] as Int8Array)]).toEqual([1, 2, 9, 10, 11, 12]);
    expect([...(arrays[4] as BigInt64Array)]).toEqual([1n, 5n, 6n]);
  });

  it("that are fresh are not touched before the kernel", () => {
    const arrays = [five(), new Float64Array(5).fill(9), new BigInt64Array(5)];
    bind({ outputs }, arrays, () => {}).run(0);
    expect([...(arrays[1] as Float64Array)]).toEqual([9, 9, 9, 9, 9]);
  });
});

it("everything that the kernel sees is borrowed", () => {
  const array = five();
  const inline = Float32Array.of(1);
  const args = new ValueEncoder(new ArrayTable(), 1000, 1).encode({ inline }, "args").slice();
  const { run, borrowed } = bind({ args }, [array], (_x: unknown, context: Context) => context.args);
  const { inline: seen } = run(0) as { inline: Float32Array };
  expect(borrowed.has(array.buffer)).toBe(true);
  expect(borrowed.has(seen.buffer)).toBe(true);
});

it("inline arrays of items are borrowed too, as soon as the task has them", () => {
  const items = packItems([{ a: Float32Array.of(1) }], 1, new ValueEncoder(new ArrayTable(), 1000, 1));
  const { run, borrowed } = bind(
    { shape: "items", tasks: 1 },
    [],
    (item: { a: Float32Array }) => item.a,
    items,
  );
  const seen = run(0) as Float32Array;
  // The item is decoded anew for every task: giving it away would do no harm either.
  const again = run(0) as Float32Array;
  expect(borrowed.has(seen.buffer) || again.buffer !== seen.buffer).toBe(true);
});

it("isThenable knows promises and objects with a then", () => {
  expect(isThenable(Promise.resolve())).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: it is what is asked about
  expect(isThenable({ then() {} })).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: it is what is asked about
  expect(isThenable(Object.assign(() => {}, { then() {} }))).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: it is what is asked about
  const named = { then: 1 };
  for (const value of [null, undefined, 1, "then", {}, named, () => {}]) {
    expect(isThenable(value)).toBe(false);
  }
});
