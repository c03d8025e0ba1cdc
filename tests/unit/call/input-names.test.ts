import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mutatedError } from "../../../src/call/input-names.js";
import { readItemsCall, readPayloadCall } from "../../../src/call/read-request.js";
import type { Request } from "../../../src/call/request.js";
import { KernelError, type PayloadMutatedError } from "../../../src/errors.js";
import type { AnyKernel } from "../../../src/kernel/types.js";
import type { TypedArray } from "../../../src/memory/dtypes.js";
import type { Sighting } from "../../../src/protocol/array-table.js";
import { onShared } from "../arbitraries.js";
import { callSettings } from "./settings.js";

const kernel: AnyKernel = () => 0;

function payloadCall(input: unknown, args?: unknown): Request {
  return readPayloadCall(
    "mapShared",
    input,
    kernel,
    null,
    { args },
    callSettings({ chunkSize: 10, verifyImmutable: true }),
  );
}

/** What is said of a change in `array`. */
function blame(request: Request, array: TypedArray, index: number): Partial<PayloadMutatedError> {
  const place = request.table.indexOf(array) as number;
  const change = { array: place, index, length: array.length };
  const {
    array: name,
    firstTask,
    lastTask,
    start,
    end,
  } = mutatedError(request.sightings as readonly Sighting[], request.spec, change, undefined);
  return { array: name, index, firstTask, lastTask, start, end };
}

describe("sightings", () => {
  it("are made only if somebody checks", () => {
    const input = new Uint8Array(20);
    const request = readPayloadCall(
      "mapShared",
      input,
      kernel,
      null,
      { args: { input } },
      callSettings({ chunkSize: 10 }),
    );
    expect(request.sightings).toBeUndefined();
    expect(readItemsCall([1], kernel, { shared: { input } }, callSettings()).sightings).toBeUndefined();
  });

  it("give chunks to their tasks", () => {
    const [x, y] = [new Float64Array(25), new Int8Array(25)];
    const columns = payloadCall({ x, y });
    expect(blame(columns, y, 9)).toMatchObject({ array: "y", firstTask: 0, lastTask: 0, start: 0, end: 10 });
    expect(blame(columns, x, 10)).toMatchObject({
      array: "x",
      firstTask: 1,
      lastTask: 1,
      start: 10,
      end: 20,
    });
    expect(blame(columns, x, 24)).toMatchObject({
      array: "x",
      firstTask: 2,
      lastTask: 2,
      start: 20,
      end: 25,
    });
    expect(blame(payloadCall(x), x, 20)).toMatchObject({
      array: "the array",
      firstTask: 2,
      start: 20,
      end: 25,
    });
  });

  it("with neighbours name only the tasks that see the element", () => {
    const rowLength = 3;
    const rows = 25;
    const chunkSize = 4;
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), fc.nat(rows * rowLength - 1), (before, after, index) => {
        const x = new Int8Array(rows * rowLength);
        const options = { chunkSize, rowLength, halo: { before, after } };
        const settings = callSettings({ verifyImmutable: true });
        const request = readPayloadCall("mapShared", x, kernel, null, options, settings);
        const seen: (readonly [number, number])[] = [];
        for (let start = 0; start < rows; start += chunkSize) {
          const from = Math.max(0, start - before) * rowLength;
          const to = Math.min(rows, Math.min(rows, start + chunkSize) + after) * rowLength;
          seen.push([from, to]);
        }
        const seers = seen.flatMap(([from, to], task) => (from <= index && index < to ? [task] : []));
        expect(blame(request, x, index)).toMatchObject({
          firstTask: seers[0],
          lastTask: seers.at(-1),
          start: seen[seers[0] as number]?.[0],
          end: seen[seers.at(-1) as number]?.[1],
        });
      }),
    );
  });

  it("give each array of a list to its task, and a repeated one to all tasks from the first to the last", () => {
    const [a, b, c] = [new Float64Array(3), new Float64Array(5), new Float64Array(7)];
    const list = payloadCall([a, b, a, c]);
    expect(blame(list, a, 1)).toEqual({
      array: "input[0]",
      index: 1,
      firstTask: 0,
      lastTask: 2,
      start: 0,
      end: 3,
    });
    expect(blame(list, b, 4)).toEqual({
      array: "input[1]",
      index: 4,
      firstTask: 1,
      lastTask: 1,
      start: 0,
      end: 5,
    });
    expect(blame(list, c, 0)).toEqual({
      array: "input[3]",
      index: 0,
      firstTask: 3,
      lastTask: 3,
      start: 0,
      end: 7,
    });
  });

  it("give arrays of args to every task, by their path, however small they are", () => {
    const [x, weights, bias] = [new Float64Array(25), new Float64Array(2), onShared(new Float64Array(1))];
    const request = payloadCall(x, { model: { weights }, list: [0, { "a b": bias }] });
    const every = { firstTask: 0, lastTask: 2 };
    expect(blame(request, weights, 1)).toEqual({
      array: "args.model.weights",
      index: 1,
      ...every,
      start: 0,
      end: 2,
    });
    expect(blame(request, bias, 0)).toMatchObject({ array: 'args.list[1]["a b"]', ...every });
  });

  it("give an array that is payload and argument to every task, under its first name", () => {
    const x = new Float64Array(25);
    expect(blame(payloadCall({ x }, { whole: x }), x, 12)).toEqual({
      array: "x",
      index: 12,
      firstTask: 0,
      lastTask: 2,
      start: 0,
      end: 25,
    });
  });

  it("give arrays of items to their tasks, those of shared to every one", () => {
    const [own, both, delays] = [0, 1, 2].map(() => onShared(new Float64Array(4))) as [
      TypedArray,
      TypedArray,
      TypedArray,
    ];
    const small = new Float64Array(1);
    const items = [{ x: both }, 7, { x: own, small }, { x: both }];
    const request = readItemsCall(
      items,
      kernel,
      { shared: { delays } },
      callSettings({ verifyImmutable: true }),
    );
    expect(blame(request, own, 3)).toEqual({
      array: "items[2].x",
      index: 3,
      firstTask: 2,
      lastTask: 2,
      start: 0,
      end: 4,
    });
    expect(blame(request, both, 0)).toMatchObject({ array: "items[0].x", firstTask: 0, lastTask: 3 });
    expect(blame(request, delays, 0)).toMatchObject({ array: "shared.delays", firstTask: 0, lastTask: 3 });
    // Each task has a copy of its own of it.
    expect(request.table.indexOf(small)).toBeUndefined();
  });

  it("keep the failure of the call", () => {
    const request = payloadCall(new Uint8Array(30));
    const failure = new KernelError(1, 10, 20, "x");
    const change = { array: 0, index: 0, length: 30 };
    expect(mutatedError(request.sightings as readonly Sighting[], request.spec, change, failure).cause).toBe(
      failure,
    );
  });
});
