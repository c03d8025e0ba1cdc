import { describe, expect, it } from "vitest";
import { keepFailed, runFailed } from "../../../src/call/failed-task.js";
import { readItemsCall, readPayloadCall } from "../../../src/call/read-request.js";
import { KernelError } from "../../../src/errors.js";
import type { AnyKernel } from "../../../src/kernel/types.js";
import { callSettings } from "./settings.js";

describe("a task that failed", () => {
  it.each([
    ["numbers", [10, 20, 30]],
    ["halves", [0.5, 1.5, 2.5]],
    ["objects", [{ a: 1 }, { a: 2 }, { a: 3 }]],
    ["texts", ["a", "", "größer"]],
  ])("runs again with its item, of a list of %s that has changed since", (_, items) => {
    const list: unknown[] = [...items];
    const kernel = ((item: unknown, _shared: unknown, { index }: { index: number }) => [
      item,
      index,
    ]) as AnyKernel;
    const request = readItemsCall(list, kernel, {}, callSettings());
    for (let index = 0; index < items.length; index += 1) {
      const error = new KernelError(index, index, index + 1, new Error("first"));
      keepFailed(error, index, request, request.items);
      if (index === items.length - 1) list.fill(99);
      expect(runFailed(error)).toEqual([items[index], index]);
    }
  });

  it("runs again over its part of the arrays, with outputs of its own", () => {
    const x = new Float64Array(10).map((_, i) => i);
    const kernel = ((
      view: Float64Array,
      out: Float64Array,
      { start, end }: { start: number; end: number },
    ) => {
      throw new RangeError([...view, ...out, start, end].join());
    }) as AnyKernel;
    const request = readPayloadCall(
      "transformShared",
      x,
      kernel,
      Float64Array,
      { chunkSize: 4 },
      callSettings(),
    );
    const error = new KernelError(1, 4, 8, new Error("first"));
    keepFailed(error, 1, request, undefined);
    expect(() => runFailed(error)).toThrow("4,5,6,7,0,0,0,0,4,8");
  });

  it.each([[new Error("other")], [new KernelError(0, 0, 1, 1)], [undefined], ["text"]])(
    "is not known by %o",
    (error) => {
      expect(() => runFailed(error)).toThrow(TypeError);
    },
  );
});
