import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PoolWorker } from "../../../../src/platform/pool-worker.js";
import { ControlledWorker } from "../../../../src/strategies/threads/controlled-worker.js";
import type { Control } from "../../../../src/strategies/threads/start-worker.js";

vi.mock("../../../../src/platform/builtins.js", () => import("../../late-builtins.js"));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const THREAD = {};

function controlled(more: Partial<Control> = {}) {
  const control = {
    spawn: vi.fn(async () => THREAD),
    flush: vi.fn(async () => {}),
    terminate: vi.fn(async () => {}),
    ...more,
  };
  const worker = { terminate: vi.fn(async () => 1) };
  const onFail = vi.fn();
  return {
    control,
    worker,
    onFail,
    own: new ControlledWorker(worker as unknown as PoolWorker, control, onFail),
  };
}

const never = new Promise<void>(() => {});

it("a worker that does not serve becomes a thread a second after its start, with a minute's time", async () => {
  const { own, control, worker } = controlled();
  await vi.advanceTimersByTimeAsync(999);
  expect(own.isSpawned).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(control.spawn).toHaveBeenCalledExactlyOnceWith(worker, 60_000);
});

it("a worker that serves is left alone, and has all the time that its tasks may take before it answers", async () => {
  const { own, control, worker } = controlled();
  own.served();
  await vi.advanceTimersByTimeAsync(5000);
  expect(control.spawn).not.toHaveBeenCalled();
  await Promise.all([own.spawn(), own.spawn()]);
  expect(control.spawn).toHaveBeenCalledExactlyOnceWith(worker, 2 ** 31 - 1);
});

it("a worker that can't be made a thread says why", async () => {
  const error = new Error("no answer");
  const { own, onFail } = controlled({ spawn: () => Promise.reject(error) });
  await own.spawn();
  expect(onFail).toHaveBeenCalledExactlyOnceWith(error);
});

it("an end terminates the thread, or the worker if it is no thread yet", async () => {
  const young = controlled();
  await young.own.terminate();
  expect(young.worker.terminate).toHaveBeenCalledOnce();
  expect(young.control.terminate).not.toHaveBeenCalled();
  const { own, control, worker } = controlled();
  await own.spawn();
  await own.terminate();
  expect(worker.terminate).not.toHaveBeenCalled();
  expect(control.terminate).toHaveBeenCalledExactlyOnceWith(THREAD);
});

it("a flush waits for output, but not for a worker whose event loop is blocked", async () => {
  const { own, control } = controlled();
  await own.flush(never);
  expect(control.flush).toHaveBeenCalledExactlyOnceWith(THREAD);
  const stuck = controlled({ flush: () => never });
  const flushed = stuck.own.flush(never);
  await vi.advanceTimersByTimeAsync(500);
  await flushed;
  const silent = controlled({ spawn: () => new Promise<object>(() => {}) });
  const given = silent.own.flush(never);
  await vi.advanceTimersByTimeAsync(1000);
  await given;
  expect(silent.control.flush).not.toHaveBeenCalled();
});

it("a worker that has ended leaves no timer behind", () => {
  const { own } = controlled();
  own.ended();
  expect(vi.getTimerCount()).toBe(0);
});
