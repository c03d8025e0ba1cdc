/**
 * How many CPUs a process may keep busy. Pure: `readText` reads what Linux tells under /proc and /sys. On other systems nothing
 * can be read there, and what the runtime tells decides. Texts are cut by hand, because a young process asks. Compiling regular
 * expressions took three times as long as reading the files.
 */

/** The text of a file; `undefined` if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** A mounted hierarchy of control groups: `root` is the group that `point` shows. */
interface Mount {
  readonly root: string;
  readonly point: string;
}

/**
 * The least of affinity, the quotas of all groups that the process is in, and `available`, which the runtime tells. A fraction
 * is rounded down, as in libuv from 1.49 on, so that the pool has one size on all versions of Node. A thread over the quota
 * would cost more than it gains. Once the quota is used up, the system stops the whole process until the period ends, its event
 * loop, too. A user who wants it nevertheless sets `maxWorkers`. Less than one CPU counts as one, because libuv takes it for no
 * limit.
 */
export function cpuBudgetOf(readText: ReadText, available: number): number {
  const cpus = Math.min(available, affinity(readText), ...quotas(readText));
  return Math.max(1, Math.floor(cpus));
}

const ALLOWED = "\nCpus_allowed_list:";

/** CPUs in the list of those allowed, such as "0-1,4". It respects cpusets. */
function affinity(readText: ReadText): number {
  const status = `\n${readText("/proc/self/status") ?? ""}\n`;
  const at = status.indexOf(ALLOWED) + ALLOWED.length;
  if (at < ALLOWED.length) return Number.POSITIVE_INFINITY;
  let cpus = 0;
  for (const range of status.slice(at, status.indexOf("\n", at)).trim().split(",")) {
    const [first, last = first, ...more] = range.split("-");
    const count = 1 + wholeNumber(last) - wholeNumber(first);
    // The list is of an unknown form.
    if (Number.isNaN(count) || more.length > 0) return Number.POSITIVE_INFINITY;
    cpus += count;
  }
  return cpus;
}

function wholeNumber(digits: string | undefined): number {
  const number = Number(digits || Number.NaN);
  return Number.isInteger(number) ? number : Number.NaN;
}

/** The quotas, in CPUs, of the groups from the process's own one up to the root, of version 1 and version 2. */
function quotas(readText: ReadText): number[] {
  const mounts = readMounts(readText("/proc/self/mountinfo") ?? "");
  const found: (number | undefined)[] = [];
  for (const line of (readText("/proc/self/cgroup") ?? "").split("\n")) {
    // hierarchy:controllers:path; hierarchy 0 is version 2.
    const [hierarchy = "", controllers = "", ...rest] = line.split(":");
    const path = rest.join(":");
    if (!path.startsWith("/")) continue;
    if (hierarchy === "0") {
      for (const folder of mounts.v2.flatMap((mount) => foldersOf(mount, path))) {
        // "200000 100000": microseconds of CPU time per period; "max 100000" if there is no limit.
        const [quota, period] = readText(`${folder}/cpu.max`)?.split(" ") ?? [];
        found.push(ratio(quota, period));
      }
    } else if (controllers.split(",").includes("cpu")) {
      for (const folder of mounts.v1.flatMap((mount) => foldersOf(mount, path))) {
        // The same in two files; a quota of -1 if there is no limit.
        found.push(ratio(readText(`${folder}/cpu.cfs_quota_us`), readText(`${folder}/cpu.cfs_period_us`)));
      }
    }
  }
  return found.filter((quota) => quota !== undefined);
}

/** The folders of the group `path` and of the groups above it, as far as the mount shows them. */
function foldersOf({ root, point }: Mount, path: string): string[] {
  const above = segments(root);
  const own = segments(path);
  const isBelow = above.every((segment, i) => segment === own[i]) && !own.includes("..");
  // If the path is not below, a container shows its own group there, or one above, under a name that is unknown here.
  const below = isBelow ? own.slice(above.length) : [];
  return Array.from({ length: below.length + 1 }, (_, depth) => [point, ...below.slice(0, depth)].join("/"));
}

/** A quota in CPUs; `undefined` if there is no limit, or nothing that could be one. */
function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  return Number(quota) > 0 && Number(period) > 0 ? Number(quota) / Number(period) : undefined;
}

/** Mounts of version 2, and those of version 1 that limit CPU time. */
function readMounts(mountinfo: string): { readonly v1: Mount[]; readonly v2: Mount[] } {
  const v1: Mount[] = [];
  const v2: Mount[] = [];
  for (const line of mountinfo.split("\n")) {
    // id parent device root point options optional... - type source options
    if (!line.includes(" - cgroup")) continue;
    const [left = "", right = ""] = line.split(" - ");
    const [type, , options = ""] = right.split(" ");
    const isV1 = type === "cgroup" && options.split(",").includes("cpu");
    if (!isV1 && type !== "cgroup2") continue;
    const [, , , root, point] = left.split(" ");
    if (root === undefined || point === undefined) continue;
    (isV1 ? v1 : v2).push({ root: decodePath(root), point: decodePath(point) });
  }
  return { v1, v2 };
}

/** Decodes blanks and backslashes, which are three octal digits in mountinfo. */
function decodePath(path: string): string {
  if (!path.includes("\\")) return path;
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function segments(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
