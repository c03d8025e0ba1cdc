/** The browser's side of the platform, as far as it needs no browser. */
import { afterEach, describe, expect, it, vi } from "vitest";
import * as inBrowsers from "../../../src/platform/channels.browser.js";
import {
  noteImport,
  rememberedKernel,
  rememberKernel,
} from "../../../src/platform/kernel-registry.browser.js";
import { callWithin, TIMED_OUT } from "../../../src/platform/watchdog.browser.js";
import { isInWorkers as isInBrowserWorkers } from "../../../src/platform/worker-globals.browser.js";

describe("channels", () => {
  it("reach their subscribers, until those leave", () => {
    const heard: unknown[] = [];
    const listener = (message: unknown, name: string): void => void heard.push([name, message]);
    const channel = inBrowsers.channel("test:one");
    expect(channel.hasSubscribers).toBe(false);
    inBrowsers.subscribe("test:one", listener);
    expect(channel.hasSubscribers).toBe(true);
    channel.publish(1);
    inBrowsers.channel("test:two").publish(2);
    expect(inBrowsers.unsubscribe("test:one", listener)).toBe(true);
    expect(inBrowsers.unsubscribe("test:one", listener)).toBe(false);
    channel.publish(3);
    expect(heard).toEqual([["test:one", 1]]);
  });

  it("tell the page of a subscriber that throws, and go on with the others", () => {
    const reportError = vi.fn();
    vi.stubGlobal("reportError", reportError);
    const heard: unknown[] = [];
    const error = new Error("mine");
    inBrowsers.subscribe("test:three", () => {
      throw error;
    });
    inBrowsers.subscribe("test:three", (message) => heard.push(message));
    inBrowsers.channel("test:three").publish("x");
    vi.unstubAllGlobals();
    expect(reportError).toHaveBeenCalledExactlyOnceWith(error);
    expect(heard).toEqual(["x"]);
  });
});

describe("globals of workers", () => {
  const stub = (name: string, property: PropertyDescriptor): void => {
    Object.defineProperty(globalThis, name, { configurable: true, ...property });
  };
  const names = ["document", "HTMLElement", "OffscreenCanvas", "navigator", "rate", "helper", "box", "GPU"];
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  afterEach(() => {
    for (const [i, name] of names.entries()) {
      Reflect.deleteProperty(globalThis, name);
      const property = before[i];
      if (property !== undefined) Object.defineProperty(globalThis, name, property);
    }
  });

  it("are what the browser brings, but for what only pages have, and nothing that the program sets", () => {
    stub("document", { get: () => ({}) });
    stub("HTMLElement", { value: Map, writable: true });
    stub("OffscreenCanvas", { value: Set, writable: true });
    stub("navigator", { get: () => ({}) });
    stub("rate", { value: 2, enumerable: true });
    // As zone.js does it.
    const { setTimeout: timer } = globalThis;
    vi.stubGlobal("setTimeout", () => timer(() => {}));
    stub("helper", { value: () => 1, enumerable: true });
    // What the page calls an element by.
    stub("box", { value: {}, enumerable: false });
    expect(names.filter((name) => isInBrowserWorkers(name))).toEqual(["OffscreenCanvas", "navigator"]);
    for (const name of ["Math", "globalThis", "undefined", "setTimeout", "Uint8Array", "console"]) {
      expect([name, isInBrowserWorkers(name)]).toEqual([name, true]);
    }
    vi.unstubAllGlobals();
  });
});

describe("kernels of the worker's own bundle", () => {
  const [a, b] = [() => 1, () => 2];

  it("are found by their names, as addresses differ from thread to thread", () => {
    rememberKernel("http://x/worker.js", "one", a);
    expect(rememberedKernel("http://x/page.js", "one")).toBe(a);
    expect(rememberedKernel("http://x/page.js", "two")).toBeUndefined();
  });

  it("must be told apart by their names", () => {
    rememberKernel("http://x/worker.js", "three", a);
    rememberKernel("http://x/chunk.js", "three", b);
    expect(() => rememberedKernel("http://x/page.js", "three")).toThrow(/several of that name/);
    expect(rememberedKernel("http://x/chunk.js", "three")).toBe(b);
  });

  it("are not those of modules that were imported by their addresses", () => {
    noteImport("http://x/kernels.js");
    rememberKernel("http://x/kernels.js", "four", a);
    expect(rememberedKernel("http://x/kernels.js", "four")).toBe(a);
    expect(rememberedKernel("http://x/others.js", "four")).toBeUndefined();
    rememberKernel("http://x/worker.js", "four", b);
    expect(rememberedKernel("http://x/others.js", "four")).toBe(b);
  });
});

describe("a function that nothing stops", () => {
  const late = (): void => {
    for (const end = performance.now() + 2; performance.now() < end; );
  };

  it("counts as late at its end, whatever came of it", () => {
    const failing = (): never => {
      throw new Error("mine");
    };
    expect(callWithin(() => 7, 10_000)).toBe(7);
    expect(() => callWithin(failing, 10_000)).toThrow("mine");
    expect(callWithin(late, 1)).toBe(TIMED_OUT);
    expect(
      callWithin(() => {
        late();
        failing();
      }, 1),
    ).toBe(TIMED_OUT);
  });
});
