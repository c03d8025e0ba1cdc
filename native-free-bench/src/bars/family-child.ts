/** How far calls on child processes raise the memory of this process, of its children, and of the file between them. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { ParallelExecutor } from "../../../dist/index.js";
import { answer } from "../harness/ask.js";
import { collect } from "../harness/collect.js";
import { CHILDREN } from "./calls.js";

export interface FamilyQuestion {
  readonly isShared: boolean;
  readonly bytes: number;
}

const BLOCK_BYTES = 512;

answer(async ({ isShared, bytes }: FamilyQuestion) => {
  const executor = new ParallelExecutor(CHILDREN);
  const run = (array: Float64Array): Promise<unknown> =>
    executor.mapShared(array, (part) => {
      let sum = 0;
      for (const value of part) sum += value;
      return sum;
    });
  // The same calls on little: children run, the kernel is compiled.
  for (let i = 0; i < 20; i += 1) await run(new Float64Array(1000));
  await collect();
  const before = resident("VmRSS");
  const array = isShared ? executor.allocate(Float64Array, bytes / 8) : new Float64Array(bytes / 8);
  array.fill(2);
  for (let i = 0; i < 3; i += 1) await run(array);
  return { grown: resident("VmHWM") - before };
});

/** Bytes of all processes of the family, and of the file that has no name. */
function resident(field: "VmRSS" | "VmHWM"): number {
  let sum = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = readStatus(name);
    const isOurs = name === String(process.pid) || status.includes(`\nPPid:\t${process.pid}\n`);
    if (isOurs) sum += 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  }
  for (const fd of readdirSync("/proc/self/fd")) {
    const path = `/proc/self/fd/${fd}`;
    if (isTransit(path)) sum += BLOCK_BYTES * statSync(path).blocks;
  }
  return sum;
}

function readStatus(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

function isTransit(path: string): boolean {
  try {
    return readlinkSync(path).includes("/sharray-");
  } catch {
    // The descriptor of the listing itself.
    return false;
  }
}
