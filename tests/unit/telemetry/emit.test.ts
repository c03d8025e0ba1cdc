import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, it, vi } from "vitest";
import { emit, isHeard, publish } from "../../../src/telemetry/emit.js";

const CHANNEL = "sharray:parallel_fallback";
const payload = { job: 1, call: "map", error: new Error("x"), from: "threads", to: "sequential" } as const;
const published = vi.fn();

afterEach(() => {
  unsubscribe(CHANNEL, published);
  published.mockReset();
});

describe("emit", () => {
  it("tells the listener", () => {
    const listener = vi.fn();
    emit(listener, "parallel_fallback", payload);
    expect(listener.mock.calls).toEqual([["parallel_fallback", payload]]);
  });

  it("tells the process", () => {
    subscribe(CHANNEL, published);
    emit(undefined, "parallel_fallback", payload);
    expect(published).toHaveBeenCalledTimes(1);
    expect(published.mock.calls[0]).toEqual([payload, CHANNEL]);
  });

  it("contains what the listener throws, and tells the process all the same", () => {
    subscribe(CHANNEL, published);
    const listener = vi.fn(() => {
      throw new Error("listener");
    });
    expect(() => emit(listener, "parallel_fallback", payload)).not.toThrow();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(published).toHaveBeenCalledTimes(1);
  });

  it("tells both the same", () => {
    subscribe(CHANNEL, published);
    const listener = vi.fn();
    emit(listener, "parallel_fallback", payload);
    expect(listener.mock.calls[0]?.[1]).toBe(payload);
    expect(published.mock.calls[0]?.[0]).toBe(payload);
  });
});

describe("publish", () => {
  it("tells every listener, and it can be asked whether there is one", () => {
    expect(isHeard("parallel_fallback")).toBe(false);
    publish("parallel_fallback", payload);
    subscribe(CHANNEL, published);
    expect(isHeard("parallel_fallback")).toBe(true);
    expect(isHeard("parallel_failure")).toBe(false);
    publish("parallel_fallback", payload);
    expect(published.mock.calls).toEqual([[payload, CHANNEL]]);
  });
});
