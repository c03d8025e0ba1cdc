/** What only the runtime can tell or do, for Node: the one place that imports Node built-ins outside `dispatch/`. */
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** Resolves in a later turn of the event loop, after I/O and messages had theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** CPUs this process may use: the least of affinity, cgroup quota and what Node tells. At least 1. */
export function cpuBudget(): number {
  // availableParallelism covers affinity; it ignores cgroup quotas on Node 20 (libuv before 1.49).
  const quota = cgroupCpus();
  return Math.max(1, Math.min(availableParallelism(), quota === undefined ? Infinity : Math.ceil(quota)));
}

/** Bytes of memory this process may use. */
export function memoryBudget(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

function cgroupCpus(): number | undefined {
  const v2 = readText("/sys/fs/cgroup/cpu.max")?.trim().split(" ");
  if (v2 !== undefined && v2.length === 2 && v2[0] !== "max") return Number(v2[0]) / Number(v2[1]);
  const quota = Number(readText("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") ?? -1);
  const period = Number(readText("/sys/fs/cgroup/cpu/cpu.cfs_period_us") ?? 0);
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
