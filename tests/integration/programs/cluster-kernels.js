/** Kernels that the nodes of a cluster have. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { defineKernel } from "sharray";

/** What the kernel sees of its place in the call, and a sum that shows every bit. */
export const place = defineKernel(import.meta.url, "place", (x, context) => {
  const { index, start, end, before, after, args, rng } = context;
  let sum = args?.weight ?? 0;
  for (let i = 0; i < x.length; i += 1) sum += Number(x[i]) * 1.1;
  if (index === args?.failAt) throw Object.assign(new RangeError(`at ${start}`), { sum });
  if (index % 3 === 0) return sum;
  return index % 3 === 1 ? { index, start, end, before, after, sum, head: x.slice(0, 2) } : `${rng(start)}`;
});

export const columns = defineKernel(import.meta.url, "columns", ({ a, b }, { start }) => {
  let sum = start;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
});

export const item = defineKernel(import.meta.url, "item", (value, shared, { index, rng }) => {
  if (value === "no") throw new TypeError("it says no");
  return { value, index, r: rng(index), seen: shared.table?.[index % shared.table.length] };
});

export const scale = defineKernel(import.meta.url, "scale", (x, { y, pair }, { start, args }) => {
  for (let i = 0; i < x.length; i += 1) {
    y[i] = x[i] * 1.5;
    pair[2 * i] = start + i;
    pair[2 * i + 1] = x[i];
  }
  if (start === args?.failAt) throw new RangeError("halfway");
});

export const squares = defineKernel(import.meta.url, "squares", (value, _shared, out) => {
  out[0] = value * value;
});

export const keep = defineKernel(import.meta.url, "keep", (x, out) => {
  out.set(x);
});

export const range = defineKernel(import.meta.url, "range", (_, { start, end }) => [start, end]);

export const log = defineKernel(import.meta.url, "log", (i, { log }) => {
  log[i] = i + 1;
});

export const exportsOf = defineKernel(
  import.meta.url,
  "exportsOf",
  (_, _shared, { args }) => WebAssembly.Module.exports(args).length,
);

export const even = defineKernel(import.meta.url, "even", (x, out) => {
  let count = 0;
  for (let i = 0; i < x.length; i += 1) if (x[i] % 2 === 0) out[count++] = x[i];
  return count;
});

export const unsafe = defineKernel(
  import.meta.url,
  "unsafe",
  (x, { index, start }) => ({ index, start, last: x.at(-1) }),
  { threadSafe: false },
);

export const unsafeInto = defineKernel(
  import.meta.url,
  "unsafeInto",
  (x, out) => {
    out.set(x);
  },
  { threadSafe: false },
);

/** Gives what threads take from each other, and machines do not. */
export const moduleOf = defineKernel(
  import.meta.url,
  "moduleOf",
  () => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
);

/** Keeps a thread busy, and tells which process did. */
export const busy = defineKernel(import.meta.url, "busy", (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return process.pid;
});

/** Leaves a trace of each time that it runs. */
export const note = defineKernel(import.meta.url, "note", (file, _shared, { index }) => {
  appendFileSync(file, `${index}\n`);
  return index;
});

/** Runs until nobody wants its result. */
export const endless = defineKernel(import.meta.url, "endless", (_item, _shared, { aborted }) => {
  while (!aborted());
});

/** Never ends in one process. */
export const stuck = defineKernel(import.meta.url, "stuck", (value, _shared, { args }) => {
  while (process.pid === args.pid);
  return [value, process.pid];
});

/** Ends its process. */
export const deadly = defineKernel(import.meta.url, "deadly", () => {
  process.kill(process.pid, "SIGKILL");
  while (true);
});

export const exits = defineKernel(import.meta.url, "exits", () => process.exit(3));

/** Takes a while, and leaves a trace. */
export const trace = defineKernel(import.meta.url, "trace", (ms, { x }, { index, args }) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  appendFileSync(args.file, `${index}\n`);
  return x[index % x.length];
});

/** The same, into an output. */
export const traceInto = defineKernel(import.meta.url, "traceInto", (x, out, { index, args }) => {
  const end = performance.now() + args.ms;
  while (performance.now() < end);
  appendFileSync(args.file, `${index}\n`);
  for (let i = 0; i < x.length; i += 1) out[i] = x[i] * 3;
});

/** Fails at the task 60, until it has left a trace of that. */
export const failsOnce = defineKernel(import.meta.url, "failsOnce", (value, _shared, { index, args }) => {
  const isNew = !existsSync(args.file) || !readFileSync(args.file, "utf8").includes("60\n");
  appendFileSync(args.file, `${index}\n`);
  if (index === 60 && isNew) throw new RangeError("not yet");
  return value;
});

/** Does not go on in one process before a file is there. Leaves traces. */
export const held = defineKernel(import.meta.url, "held", (_item, _shared, { index, args }) => {
  while (process.pid === args.pid && !existsSync(args.gate));
  appendFileSync(args.file, `${index}\n`);
  return index;
});
