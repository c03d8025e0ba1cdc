/** Kernels of a module that keeps what is costly to make: once per worker, whatever calls there are. */
import { openSync, readSync } from "node:fs";
import { isMainThread, threadId } from "node:worker_threads";
import { defineKernel } from "sharray";

const made = { initialised: 0, instances: 0, plans: 0, handles: 0 };

/** A "database": a file that is opened once. */
let handle;
function database() {
  if (handle === undefined) {
    handle = openSync(new URL(import.meta.url));
    made.handles += 1;
  }
  return handle;
}

const plans = new Map();
function planOf(n) {
  let plan = plans.get(n);
  if (plan === undefined) {
    plan = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n));
    plans.set(n, plan);
    made.plans += 1;
  }
  return plan;
}

const instances = new WeakMap();
function functionOf(module) {
  let instance = instances.get(module);
  if (instance === undefined) {
    instance = new WebAssembly.Instance(module).exports;
    instances.set(module, instance);
    made.instances += 1;
  }
  return instance.f;
}

export const prepare = defineKernel(import.meta.url, "prepare", () => {
  made.initialised += 1;
  database();
});

export const work = defineKernel(import.meta.url, "work", (i, { module }) => {
  const bytes = new Uint8Array(1);
  readSync(database(), bytes, 0, 1, 0);
  const value = functionOf(module)(i, planOf(8)[0]);
  return { value, first: bytes[0], thread: isMainThread ? 0 : threadId, made: { ...made } };
});
