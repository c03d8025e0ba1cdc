import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cpuBudgetOf, type ReadText } from "../../../src/platform/cpu-budget.js";
import { cpuBudget } from "../../../src/platform/runtime.js";

const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));

/** More than any fixture allows, so that what is not found shows. */
const AVAILABLE = 64;

/** Reads a machine whose /proc and /sys are kept under `fixtures/<name>`. */
function machine(name: string): ReadText {
  return (path) => {
    try {
      return readFileSync(`${FIXTURES}${name}${path}`, "utf8");
    } catch {
      return undefined;
    }
  };
}

/** Reads from a record of files. */
function filesOf(files: Readonly<Record<string, string>>): ReadText {
  return (path) => (Object.hasOwn(files, path) ? files[path] : undefined);
}

/** The fixtures allow 16 CPUs by affinity, except for those whose name says otherwise. */
const CASES: readonly (readonly [name: string, cpus: number])[] = [
  ["no-cgroup", 16],
  ["affinity", 5],
  ["v2-root", 3],
  ["v2-half", 1],
  ["v2-fraction", 2],
  ["v2-unlimited", 16],
  ["v2-nested-leaf", 2],
  ["v2-nested-parent", 2],
  ["v2-container", 4],
  ["v2-container-child", 2],
  ["v2-namespace", 5],
  ["v1-docker", 3],
  ["v1-nested", 2],
  ["v1-container", 4],
  ["hybrid-v1", 3],
  ["hybrid-v2", 6],
  ["malformed", AVAILABLE],
  ["malformed-v1", AVAILABLE],
];

describe("machines", () => {
  it.each(CASES)("%s: %i", (name, cpus) => {
    expect(cpuBudgetOf(machine(name), AVAILABLE)).toBe(cpus);
  });

  it("are all there", () => {
    expect(readdirSync(FIXTURES).sort()).toEqual(CASES.map(([name]) => name).sort());
  });
});

describe("what the runtime tells", () => {
  it("decides if nothing can be read", () => {
    expect(cpuBudgetOf(() => undefined, 12)).toBe(12);
  });

  it("counts if it is the least", () => {
    expect(cpuBudgetOf(machine("v2-root"), 2)).toBe(2);
    expect(cpuBudgetOf(machine("affinity"), 4)).toBe(4);
  });

  it("is never gone below one CPU", () => {
    expect(cpuBudgetOf(() => undefined, 0)).toBe(1);
  });
});

describe("affinity", () => {
  it.each([
    ["0", 1],
    ["3-3", 1],
    ["0-127", 64],
    ["0,2,4", 3],
    ["0-1,4,6-7", 5],
    ["8-11,16-19", 8],
    ["", 64],
    ["0-", 64],
    ["0-1,", 64],
    ["0-1;4", 64],
  ])("%o: %i", (list, cpus) => {
    const status = `Cpus_allowed:\tf\nCpus_allowed_list:\t${list}\nMems_allowed_list:\t0-1\n`;
    expect(cpuBudgetOf(filesOf({ "/proc/self/status": status }), AVAILABLE)).toBe(cpus);
  });
});

describe("quotas", () => {
  it.each([
    ["100000 100000", 1],
    ["199999 100000", 1],
    ["200000 100000", 2],
    ["1000 1000000", 1],
    ["12800000 100000", 64],
    ["max 100000", 64],
    ["200000", 64],
    ["200000 0", 64],
    ["0 100000", 64],
    ["200000 period", 64],
    ["-200000 100000", 64],
    ["", 64],
  ])("cpu.max of %o: %i", (text, cpus) => {
    const files = {
      "/proc/self/mountinfo": "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/cpu.max": `${text}\n`,
    };
    expect(cpuBudgetOf(filesOf(files), AVAILABLE)).toBe(cpus);
  });

  it("of groups with colons, blanks and backslashes in their paths", () => {
    const files = {
      "/proc/self/mountinfo": "30 22 0:26 /a\\040b /run/my\\040groups\\134x rw - cgroup2 cgroup2 rw\n",
      "/proc/self/cgroup": "0::/a b/c:/d/e\\x2df\n",
      "/run/my groups\\x/c:/d/e\\x2df/cpu.max": "300000 100000\n",
    };
    expect(cpuBudgetOf(filesOf(files), AVAILABLE)).toBe(3);
  });

  it("of every mount that shows the process's groups", () => {
    const files = {
      "/proc/self/mountinfo":
        "30 22 0:26 /a/b /inner rw - cgroup2 cgroup2 rw\n31 22 0:26 / /outer rw - cgroup2 cgroup2 rw\n",
      "/proc/self/cgroup": "0::/a/b\n",
      "/inner/cpu.max": "400000 100000\n",
      "/outer/a/cpu.max": "300000 100000\n",
    };
    expect(cpuBudgetOf(filesOf(files), AVAILABLE)).toBe(3);
  });

  it("of groups beside the process's own say nothing", () => {
    const files = {
      "/proc/self/mountinfo": "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "/proc/self/cgroup": "0::/a/bc\n",
      "/sys/fs/cgroup/a/b/cpu.max": "100000 100000\n",
      "/sys/fs/cgroup/a/bc/cpu.max": "300000 100000\n",
      "/sys/fs/cgroup/a/bc/d/cpu.max": "100000 100000\n",
    };
    expect(cpuBudgetOf(filesOf(files), AVAILABLE)).toBe(3);
  });

  it("of a group outside its namespace are those of the mount", () => {
    const files = {
      "/proc/self/mountinfo": "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "/proc/self/cgroup": "0::/../other\n",
      "/sys/fs/cgroup/cpu.max": "300000 100000\n",
      "/sys/fs/cgroup/../other/cpu.max": "100000 100000\n",
    };
    expect(cpuBudgetOf(filesOf(files), AVAILABLE)).toBe(3);
  });

  it("of version 1 count for the controller cpu alone", () => {
    const files = {
      "/proc/self/mountinfo":
        "30 22 0:26 / /cpuset rw - cgroup cgroup rw,cpuset\n31 22 0:27 / /cpu rw - cgroup cgroup rw,cpu\n",
      "/proc/self/cgroup": "3:cpu:/a\n2:cpuacct:/b\n1:cpuset:/b\n",
      "/cpu/a/cpu.cfs_quota_us": "300000\n",
      "/cpu/a/cpu.cfs_period_us": "100000\n",
      "/cpu/b/cpu.cfs_quota_us": "100000\n",
      "/cpu/b/cpu.cfs_period_us": "100000\n",
      "/cpuset/a/cpu.cfs_quota_us": "100000\n",
      "/cpuset/a/cpu.cfs_period_us": "100000\n",
    };
    expect(cpuBudgetOf(filesOf(files), AVAILABLE)).toBe(3);
  });
});

it("the budget of this machine is read", () => {
  expect(Number.isInteger(cpuBudget())).toBe(true);
  expect(cpuBudget()).toBeGreaterThanOrEqual(1);
  expect(cpuBudget()).toBeLessThanOrEqual(availableParallelism());
});
