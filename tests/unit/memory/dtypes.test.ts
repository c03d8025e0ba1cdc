import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  elementBytes,
  isGone,
  isShared,
  isTypedArray,
  kindNames,
  kindOf,
  kindOfConstructor,
  ownView,
  type TypedArray,
  viewOf,
} from "../../../src/memory/dtypes.js";
import { KINDS } from "../arbitraries.js";

class Samples extends Float32Array {}

describe.each(KINDS.map((kind, index) => [kind.name, kind, index] as const))("%s", (name, kind, index) => {
  const array = new kind(3);

  it("has its number, which is part of the protocol", () => {
    expect(isTypedArray(array)).toBe(true);
    expect(kindOf(array)).toBe(index);
    expect(kindOfConstructor(kind, "it")).toBe(index);
    expect(elementBytes(index)).toBe(kind.BYTES_PER_ELEMENT);
    expect(kindNames).toContain(name);
  });

  it("gets views of its kind", () => {
    const size = kind.BYTES_PER_ELEMENT;
    const buffer = new SharedArrayBuffer(4 * size);
    const view = viewOf(index, buffer, size, 2);
    expect(view.constructor).toBe(kind);
    expect(view.buffer).toBe(buffer);
    expect([view.byteOffset, view.length]).toEqual([size, 2]);
  });

  it("gets a view of the engine's own", () => {
    const own = ownView(array);
    expect(own).not.toBe(array);
    expect(own.constructor).toBe(kind);
    expect(own.buffer).toBe(array.buffer);
    expect(own.length).toBe(3);
  });

  it("is known when it comes from another realm", () => {
    const foreign = runInNewContext(
      `const a = new ${name}(3); a[1] = ${name.startsWith("Big") ? "7n" : 7}; a`,
    );
    expect(foreign).not.toBeInstanceOf(kind);
    expect(isTypedArray(foreign)).toBe(true);
    expect(kindOf(foreign as TypedArray)).toBe(index);
    const plain = ownView(foreign as TypedArray);
    expect(plain).toBeInstanceOf(kind);
    expect(Number(plain[1])).toBe(7);
    expect(plain.buffer).toBe((foreign as TypedArray).buffer);
  });
});

it("KINDS holds all kinds of this runtime: eleven, and Float16Array from Node 24 on", () => {
  expect(KINDS).toHaveLength("Float16Array" in globalThis ? 12 : 11);
  expect(kindNames.split(", ")).toEqual(KINDS.map((kind) => kind.name));
});

describe("subclasses", () => {
  it("Buffer counts as Uint8Array, over the same memory", () => {
    const buffer = Buffer.from("hello");
    expect(isTypedArray(buffer)).toBe(true);
    expect(kindOf(buffer)).toBe(kindOf(new Uint8Array()));
    const plain = ownView(buffer);
    expect(plain.constructor).toBe(Uint8Array);
    expect(plain).toMatchObject({ byteOffset: buffer.byteOffset, length: 5 });
    buffer[0] = 72;
    expect(plain[0]).toBe(72);
  });

  it("a user's subclass counts as its base", () => {
    const samples = new Samples([1, 2]);
    expect(kindOf(samples)).toBe(kindOf(new Float32Array()));
    const plain = ownView(samples);
    expect(plain.constructor).toBe(Float32Array);
    expect(plain.buffer).toBe(samples.buffer);
  });

  it("are read by what they are, not by what they tell", () => {
    class Odd extends Float64Array {
      override get length(): number {
        return 1;
      }
      override get byteOffset(): number {
        return 0;
      }
      override get buffer(): ArrayBuffer {
        return new ArrayBuffer(8);
      }
      override keys(): never {
        throw new Error("keys() was called");
      }
    }
    const memory = new ArrayBuffer(64);
    const own = ownView(new Odd(memory, 16, 4));
    expect(own.buffer).toBe(memory);
    expect([own.byteOffset, own.length]).toEqual([16, 4]);
    expect(isGone(new Odd(0))).toBe(false);
  });

  it("of a length that follows the buffer's get one that stays", () => {
    const plain = new ArrayBuffer(16, { maxByteLength: 64 });
    const shared = new SharedArrayBuffer(16, { maxByteLength: 64 });
    const views = [plain, shared].map((buffer) => ownView(new Float64Array(buffer)));
    plain.resize(64);
    shared.grow(64);
    expect(views.map(({ length }) => length)).toEqual([2, 2]);
  });

  it("is not fooled by a constructor property", () => {
    const array = Object.defineProperty(new Float64Array(1), "constructor", { value: Int8Array });
    expect(kindOf(array)).toBe(kindOf(new Float64Array()));
  });
});

describe("what is no typed array", () => {
  it.each([
    ["DataView", new DataView(new ArrayBuffer(8))],
    ["ArrayBuffer", new ArrayBuffer(8)],
    ["SharedArrayBuffer", new SharedArrayBuffer(8)],
    ["list", [1, 2]],
    ["a look-alike", { [Symbol.toStringTag]: "Float64Array", length: 1, buffer: new ArrayBuffer(8) }],
    ["null", null],
    ["undefined", undefined],
    ["a number", 3],
    ["a prototype", Float64Array.prototype],
    ["a proxy", new Proxy(new Float64Array(1), {})],
  ])("%s", (_name, value) => {
    expect(isTypedArray(value)).toBe(false);
  });
});

describe("kindOfConstructor", () => {
  it("knows the constructors of another realm, and no class that only has such a name", () => {
    for (const [kind, name] of kindNames.split(", ").entries()) {
      const foreign = runInNewContext(`globalThis.${name}`) as unknown;
      // Float16Array may be a polyfill.
      if (foreign !== undefined) expect(kindOfConstructor(foreign, "it")).toBe(kind);
    }
    for (const stranger of [
      "class Float64Array {}",
      "function Float64Array() {}",
      "Float64Array.bind()",
      "DataView",
    ]) {
      const foreign = runInNewContext(`(${stranger})`) as unknown;
      expect(() => kindOfConstructor(foreign, "it"), stranger).toThrow(TypeError);
    }
  });

  it.each([
    ["DataView", DataView, "function DataView"],
    ["a subclass", Samples, "function Samples"],
    ["Buffer", Buffer, "function Buffer"],
    ["an instance", new Float64Array(1), "Float64Array of 8 bytes"],
    ["a name", "Float64Array", '"Float64Array"'],
    ["undefined", undefined, "undefined"],
  ])("refuses %s", (_name, value, shown) => {
    expect(() => kindOfConstructor(value, 'output "y"')).toThrow(
      new TypeError(
        `Cannot allocate output "y" as its kind must be a typed-array constructor (${kindNames}): current value is ${shown}`,
      ),
    );
  });
});

describe("isShared", () => {
  it("tells shared memory from plain", () => {
    expect(isShared(new Float64Array(new SharedArrayBuffer(8)))).toBe(true);
    expect(isShared(new Float64Array(1))).toBe(false);
    expect(
      isShared(new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer)),
    ).toBe(true);
  });

  it("knows shared memory of another realm", () => {
    const foreign = runInNewContext("new Float64Array(new SharedArrayBuffer(8))") as TypedArray;
    expect(isShared(foreign)).toBe(true);
  });
});
