/** Calls that are refused for the state of things: memory, a signal, the executor's end. */
import { constants } from "node:buffer";
import { ExecutorClosedError, MemoryLimitError, ParallelExecutor } from "sharray";
import { describe, expect, test } from "vitest";
import {
  configuration,
  failure,
  type Refusal,
  rangeError,
  refuses,
  typeError,
  type Untyped,
} from "./refusals.js";

const x = new Float64Array(4);
const one = (): number => 1;
const OPTIONS = "Cannot read the options as they must be a plain object:";
const MILLISECONDS = "milliseconds from 0 to 2147483647";

describe("memory", () => {
  const limit = 8192;
  const values = new Float64Array(10_000);
  // What a call asks for is its arrays and its results; a region comes in a class of size.
  const tooMuch = (requested: number, needed: number) =>
    failure(
      MemoryLimitError,
      "SHARRAY_MEMORY_LIMIT",
      `Cannot place ${requested} bytes in shared memory as at most ${limit} may be used: ${needed} are needed in ` +
        'whole regions and 0 are in use; drop arrays that are no longer needed, raise "maxSharedBytes", or process ' +
        "fewer at a time",
      { requested, inUse: 0, limit },
    );
  // What a call needs is known once it is planned.
  const traces = { submitted: 1, events: ["parallel_decision"] };
  const sequential = { strategy: "sequential" };
  refuses(
    [
      ["share", (e) => e.share(values), tooMuch(80_000, 81_920)],
      ["share: columns", (e) => e.share({ a: values, b: values.slice() }), tooMuch(160_000, 163_840)],
      [
        "share: small arrays",
        (e) => e.share(Array.from({ length: 200 }, () => new Int8Array(1))),
        tooMuch(12_800, 14_336),
      ],
      [
        "share: a region that its rounding makes too large",
        (e) => e.share(new Int8Array(8193)),
        tooMuch(8256, 10_240),
      ],
      ["allocate", (e) => e.allocate(Float64Array, 10_000), tooMuch(80_000, 81_920)],
    ],
    { maxSharedBytes: limit },
  );
  refuses(
    [
      ["mapShared", (e) => e.mapShared([values], one), tooMuch(80_064, 86_016), traces],
      [
        "reduceShared: many chunks",
        (e) => e.reduceShared(values, one, one, { chunkSize: 10, ...sequential }),
        tooMuch(9024, 10_240),
        traces,
      ],
      [
        "transformShared: outputs",
        (e) => e.transformShared(values, Float64Array, one, { chunkSize: 10_000, ...sequential }),
        tooMuch(80_064, 86_016),
        traces,
      ],
      ["map: shared", (e) => e.map([1], one, { shared: { values } }), tooMuch(80_072, 86_016), traces],
      ["map: items", (e) => e.map(["x".repeat(20_000)], one, sequential), tooMuch(20_083, 20_480), traces],
      ["streamShared", (e) => read(e.streamShared([values], one)), tooMuch(80_064, 86_016), traces],
    ],
    // Child processes read plain arrays where the caller has them.
    { maxSharedBytes: limit, strategy: "threads" },
  );

  test("what is in use counts", async () => {
    await using executor = new ParallelExecutor({ maxSharedBytes: limit });
    const held = executor.allocate(Int8Array, 4097);
    const before = executor.memory();
    const inUse = held.buffer.byteLength;
    expect(() => executor.share(new Int8Array(4096))).toThrow(
      expect.objectContaining({
        requested: 4096,
        inUse,
        limit,
        message: expect.stringContaining(`${inUse} are in use`),
      }),
    );
    expect(executor.memory()).toEqual(before);
  });

  refuses(
    [
      [
        "more than the system has",
        (e) => e.allocate(Int8Array, 2 ** 50),
        // On Node 20 no array is that long, whatever the system has.
        constants.MAX_LENGTH < 2 ** 50
          ? rangeError(
              `Cannot allocate the array as its length must be at most ${constants.MAX_LENGTH} on this runtime: ` +
                "current value is 1125899906842624",
            )
          : failure(
              MemoryLimitError,
              "SHARRAY_MEMORY_LIMIT",
              "Cannot place 1125899906842624 bytes in shared memory as the system has no more of it: 1125899906842624 are " +
                "needed in whole regions and 0 are in use; drop arrays that are no longer needed or process fewer at a time",
              { requested: 2 ** 50, limit: 2 ** 52 },
            ),
      ],
    ],
    { maxSharedBytes: 2 ** 52 },
  );
});

describe("shutdown", () => {
  refuses([
    ["a number in place of options", (e) => e.shutdown(500), typeError(`${OPTIONS} current value is 500`)],
    ["no options", (e) => e.shutdown(null), typeError(`${OPTIONS} current value is null`)],
    [
      "an option of calls",
      (e) => e.shutdown({ timeout: 500 }),
      configuration("timeout", "left out: the option of shutdown() is deadline", "500"),
    ],
    [
      "a deadline before now",
      (e) => e.shutdown({ deadline: -1 }),
      configuration("deadline", MILLISECONDS, "-1"),
    ],
    ["a date", (e) => e.shutdown({ deadline: "12:00" }), configuration("deadline", MILLISECONDS, '"12:00"')],
  ]);
});

describe("after shutdown", () => {
  const rows: readonly [call: string, (executor: Untyped) => unknown][] = [
    ["mapShared", (e) => e.mapShared(x, one)],
    ["transformShared", (e) => e.transformShared(x, Int8Array, one)],
    ["reduceShared", (e) => e.reduceShared(x, one, one)],
    ["map", (e) => e.map([1], one)],
    ["streamShared", (e) => e.streamShared(x, one)],
    ["share", (e) => e.share(x)],
    ["allocate", (e) => e.allocate(Int8Array, 4)],
    ["explain", (e) => e.explain(x, one)],
    ["start", (e) => e.start()],
  ];
  const closed = (call: string) =>
    failure(
      ExecutorClosedError,
      "SHARRAY_EXECUTOR_CLOSED",
      `Cannot call ${call}() as the executor was shut down: create a new ParallelExecutor`,
    );
  refuses(
    rows.map(([name, call]): Refusal => {
      const late = async (executor: Untyped) => {
        await executor.shutdown();
        return call(executor);
      };
      return [name, late, closed(name)];
    }),
  );
  refuses([
    [
      "while the executor shuts down",
      (e) => {
        void e.shutdown();
        return e.mapShared(x, one);
      },
      closed("mapShared"),
    ],
    [
      "a stream of before",
      async (e) => {
        const stream = e.streamShared(x, one);
        await e.shutdown();
        await read(stream);
      },
      closed("streamShared"),
    ],
  ]);
});

describe("with a signal that is aborted", () => {
  const reason = new Error("too late");
  const is = (expected: unknown) => (error: unknown) => expect(error).toBe(expected);
  const traces = { submitted: 1, events: [] };
  const signal = AbortSignal.abort(reason);
  refuses([
    ["mapShared", (e) => e.mapShared(x, one, { signal }), is(reason), traces],
    ["transformShared", (e) => e.transformShared(x, Int8Array, one, { signal }), is(reason), traces],
    ["reduceShared", (e) => e.reduceShared(x, one, one, { signal }), is(reason), traces],
    ["map", (e) => e.map([1], one, { shared: { x }, signal }), is(reason), traces],
    ["streamShared", (e) => read(e.streamShared(x, one, { signal })), is(reason), traces],
    [
      "without a reason",
      (e) => e.mapShared(x, one, { signal: AbortSignal.abort() }),
      failure(DOMException, DOMException.ABORT_ERR, "This operation was aborted", { name: "AbortError" }),
      traces,
    ],
    ["for null", (e) => e.mapShared(x, one, { signal: AbortSignal.abort(null) }), is(null), traces],
    ["through another", (e) => e.map([1], one, { signal: AbortSignal.any([signal]) }), is(reason), traces],
  ]);
});

/** Reads a stream to its end. */
async function read(stream: unknown): Promise<void> {
  for await (const _ of stream as AsyncIterable<unknown>);
}
