import { describe, expect, it } from "vitest";
import { readItemsCall, readPayloadCall } from "../../../src/call/read-request.js";
import type { CallOptions } from "../../../src/call/types.js";
import { ConfigurationError } from "../../../src/errors.js";
import type { CallName } from "../../../src/telemetry/events.js";
import { callSettings } from "./settings.js";

const kernel = (): number => 1;

interface Asked {
  readonly call?: CallName;
  readonly outputs?: unknown;
  readonly options?: object;
  readonly settings?: Parameters<typeof callSettings>[0];
}

function read(input: unknown, { call = "mapShared", outputs = null, options = {}, settings }: Asked = {}) {
  return readPayloadCall(
    call,
    input,
    kernel,
    outputs,
    options as CallOptions<unknown>,
    callSettings(settings),
  );
}

const column = (length: number): Float64Array => new Float64Array(length);

describe("a call over an array or columns", () => {
  it("is cut by its own chunk size, else the configuration's, else by its length alone", () => {
    const tasks = (options: object, chunkSize?: number): number =>
      read(column(1000), { options, settings: { chunkSize } }).spec.tasks;
    expect(tasks({ chunkSize: 300 }, 100)).toBe(4);
    expect(tasks({}, 100)).toBe(10);
    expect(tasks({})).toBe(125);
  });

  it("has each array once in its table, under all of its names", () => {
    const x = column(8);
    const { table, spec, instances } = read(
      { a: x, b: x },
      { options: { args: { x } }, settings: { verifyImmutable: true } },
    );
    expect(table.arrays).toHaveLength(1);
    expect(spec).toMatchObject({ shape: "columns", inputs: { names: ["a", "b"], arrays: [0, 0] } });
    expect(instances).toBe(8);
  });

  it("knows what would be copied and what is shared", () => {
    const shared = new Float64Array(new SharedArrayBuffer(80));
    const { placement } = read({ shared, plain: column(10) });
    expect(placement).toMatchObject({ bytesShared: 80, bytesPlaced: 80 });
  });

  it("names who sees each array only if that is to be checked", () => {
    expect(read(column(8)).sightings).toBeUndefined();
    expect(read(column(8), { settings: { verifyImmutable: true } }).sightings).toHaveLength(1);
  });
});

describe("a call over a list", () => {
  it("has one task per array, of any lengths", () => {
    const { spec, instances } = read([column(3), column(5)]);
    expect(spec).toMatchObject({ shape: "list", tasks: 2, length: 0 });
    expect(instances).toBe(8);
  });

  it("can't be transformed, as outputs are cut like the input", () => {
    expect(() => read([column(3)], { call: "transformShared", outputs: Float64Array })).toThrow(TypeError);
  });
});

describe("outputs", () => {
  const outputsOf = (outputs: unknown) => read(column(8), { call: "transformShared", outputs }).outputs;

  it("are one bare array, or named ones", () => {
    expect(outputsOf(Float32Array)).toMatchObject({ names: null });
    expect(outputsOf({ a: Float32Array, b: Int8Array })).toMatchObject({ names: ["a", "b"] });
    expect(read(column(8)).outputs).toBeNull();
  });

  it.each([[{}], [undefined], [5], [{ a: Array }], [Map]])("are not %o", (outputs) => {
    expect(() => outputsOf(outputs)).toThrow(TypeError);
  });
});

describe("options", () => {
  it("are refused if the call has none of that name", () => {
    expect(() => read(column(8), { options: { chunksize: 3 } })).toThrow(ConfigurationError);
    expect(() => read(column(8), { options: { initial: 3 } })).toThrow(ConfigurationError);
    expect(read(column(8), { options: { initial: undefined } }).spec.tasks).toBe(8);
    expect(read(column(8), { call: "reduceShared", options: { initial: 3 } }).spec.tasks).toBe(8);
    expect(() => readItemsCall([1], kernel, { chunkSize: 3 }, callSettings())).toThrow(ConfigurationError);
  });

  it("may name the strategies that the settings name, and no other", () => {
    const settings = { strategies: ["auto", "far"] };
    expect(read(column(8), { options: { strategy: "far" }, settings }).options.strategy).toBe("far");
    expect(() => read(column(8), { options: { strategy: "threads" }, settings })).toThrow(
      'one of "auto", "far"',
    );
  });

  it.each<[string, object]>([
    ["a signal", { signal: {} }],
    ["a listener", { onProgress: 5 }],
    ["a time-out", { timeout: 0 }],
    ["a hint", { taskSizeHintBytes: -1 }],
  ])("are checked: %s", (_, options) => {
    expect(() => read(column(8), { options })).toThrow();
  });
});

describe("a call over items", () => {
  const readItems = (items: unknown, options: object = {}, settings = {}) =>
    readItemsCall(items, kernel, options, callSettings(settings));

  it("has one task per item, of anything that can be iterated", () => {
    expect(readItems([1, 2, 3]).spec).toMatchObject({ shape: "items", tasks: 3, chunkSize: 1 });
    expect(readItems(new Set(["a", "b"])).spec.tasks).toBe(2);
    expect(() => readItems(5)).toThrow(TypeError);
  });

  it("has every array of `shared` in its table, however small, and counts it for each task", () => {
    const { table, workShape } = readItems([1, 2], { shared: { weights: column(4) } });
    expect(table.arrays).toHaveLength(1);
    expect(workShape.taskBytes).toBeGreaterThanOrEqual(32);
  });

  it("has small arrays of `args` in its table only if somebody checks whether they change", () => {
    const args = { few: column(2) };
    expect(readItems([1], { args }).table.arrays).toHaveLength(0);
    expect(readItems([1], { args }, { verifyImmutable: true }).table.arrays).toHaveLength(1);
  });
});

describe("what the planner learns of", () => {
  it("is the kernel over the kinds of its arrays", () => {
    const same = read(column(8)).profileKey;
    expect(read(column(99)).profileKey).toBe(same);
    expect(read(new Float32Array(8)).profileKey).not.toBe(same);
    expect(readItemsCall([1], kernel, {}, callSettings()).profileKey).not.toBe(same);
  });
});
