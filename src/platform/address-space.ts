/** The address space that a process may still take. Pure: `readText` reads what Linux tells under /proc. */
import type { ReadText } from "./cpu-budget.js";

/** Bytes that are left under the limit (`ulimit -v`); Infinity if there is no limit, or none can be read. */
export function addressSpaceLeft(readText: ReadText): number {
  const limit = /^Max address space +(\d+) /m.exec(readText("/proc/self/limits") ?? "")?.[1];
  if (limit === undefined) return Infinity;
  const kilobytes = /^VmSize:\s*(\d+) kB$/m.exec(readText("/proc/self/status") ?? "")?.[1];
  return kilobytes === undefined ? Infinity : Number(limit) - 1024 * Number(kilobytes);
}
