/** Finds the group of a job, by its kernel and its options. */
import { type Kernel, resolveKernel } from "../../kernel/resolve.js";
import type { AnyKernel } from "../../kernel/types.js";
import { RecentMap } from "../../platform/recent-map.js";
import type { Backend } from "../backend.js";
import type { GivenOptions } from "../types.js";
import type { JobEntry } from "./job-entry.js";
import { JobGroup } from "./job-group.js";
import { readJobs } from "./read-jobs.js";

// As many as the engine keeps kernels.
const MOST_KERNELS = 500;

type Group = JobGroup<JobEntry>;

const USES = { copy: { captures: "copy" }, error: { captures: "error" } } as const;

export class JobGroups {
  readonly #backend: Backend;
  readonly #scheduler: Group["scheduler"];
  /** By the numbers of their kernels. */
  readonly #known = new RecentMap<number, Group[]>(MOST_KERNELS);

  constructor(backend: Backend, scheduler: Group["scheduler"]) {
    this.#backend = backend;
    this.#scheduler = scheduler;
  }

  /**
   * @param encoded the item as it is sent; `undefined` if it has arrays that cross by reference
   * @param options checked
   * @throws TypeError, RangeError, KernelCaptureError
   */
  groupOf(item: unknown, encoded: JobEntry["item"], fn: AnyKernel, options: GivenOptions): Group {
    const { settings } = this.#backend;
    const kernel = resolveKernel(fn, USES[options.captures ?? settings.captures]);
    if (encoded !== undefined) return this.#commonGroup(fn, kernel, options);
    const request = readJobs([item], fn, kernel, options, settings);
    return new JobGroup(this.#scheduler, request, options, false);
  }

  #commonGroup(fn: AnyKernel, kernel: Kernel, options: GivenOptions): Group {
    let groups = this.#known.get(kernel.id);
    if (groups === undefined) {
      groups = [];
      this.#known.set(kernel.id, groups);
    }
    for (const group of groups) if (group.isFor(kernel, options)) return group;
    const { settings, jobCounts } = this.#backend;
    // Over the bridge each job is a call. With `verifyImmutable` a change of inputs is one job's fault.
    const mayGrow = jobCounts !== undefined && !settings.verifyImmutable;
    const request = readJobs([], fn, kernel, options, settings);
    const group: Group = new JobGroup(this.#scheduler, request, options, mayGrow);
    groups.push(group);
    return group;
  }

  /** The group has no jobs now. It does not hold the caller's data for jobs that may never come. */
  idle(group: Group): void {
    if (!group.holdsData) return;
    const groups = this.#known.get(group.kernel);
    const at = groups?.indexOf(group) ?? -1;
    if (at !== -1) groups?.splice(at, 1);
  }
}
