/** The plan: plain data that says how a job will run, and what it rests on. */
import type { HostProfile } from "./host-profile.js";

/** Something for each strategy. `N` are the names of all strategies. Nothing in this folder knows one of them. */
export type ByStrategy<N extends string, T> = { [S in N]: T };

/** What predictions rest on: a call of this shape, calls of other shapes, or what kernels cost in general. */
export type Basis = "seen" | "fitted" | "supposed";

/** What is known of one kernel over one set of array kinds, for a call of one shape. */
export interface KernelCost<N extends string> {
  /** Milliseconds of one thread per task, by strategy: side by side, threads compete for memory. */
  readonly perTask: { readonly [S in N]: number };
  /** Milliseconds of collecting one task's result, by strategy. */
  readonly perResult: { readonly [S in N]: number };
  /** Milliseconds of a call beside placing, computing and results, by strategy; `undefined` if not measured. */
  readonly dispatch: { readonly [S in N]: number | undefined };
  /** Runs of other strategies since the last one of this, in calls of this shape. */
  readonly since: { readonly [S in N]: number };
  readonly basis: Exclude<Basis, "supposed">;
  /** The factor within which tasks are expected to cost what is predicted; Infinity if they may cost anything. */
  readonly within: number;
  /** Milliseconds of the longest task on average of a call, in calls of this shape or of those that it rests on. */
  readonly longest: number;
  /** The share of that time that went into sending results, in the last call like this one. */
  readonly sending: number;
  /** Runs that were measured, of any shape. */
  readonly runs: number;
  /** Of those, the ones of calls like this one. */
  readonly runsAlike: number;
  /** Whether the workers have run it. */
  readonly isOnWorkers: boolean;
}

/** Calls in progress on one strategy, beside the one that is planned. */
export interface Occupation {
  /** Milliseconds that they were predicted to keep all threads of the strategy busy. */
  readonly busy: number;
  /** The shares of those threads that they take up, added. */
  readonly shares: number;
}

/** What there is to do. */
export interface Workload<N extends string> {
  readonly call: string;
  readonly tasks: number;
  /** How often they run, one time after the other. */
  readonly passes: number;
  /** Whether the tasks are chunks, which the caller may cut otherwise. */
  readonly isCut: boolean;
  /** What the gates count: elements of arrays and columns, or items. */
  readonly instances: number;
  /** Payload bytes of one task, measured or hinted. */
  readonly taskBytes: number;
  /** `taskSizeHintBytes`; 0 if there is none. */
  readonly hint: number;
  /** Payload bytes that are on shared memory already. */
  readonly bytesShared: number;
  /** Payload bytes that must be copied there first. */
  readonly bytesToPlace: number;
  /** Of those, the ones that earlier calls placed too, and how often. */
  readonly placedBefore: { readonly bytes: number; readonly times: number };
  /** Bytes of its outputs, and how often arrays of their size were dropped without `release`. */
  readonly droppedBefore: { readonly bytes: number; readonly times: number };
  /** What the kernel was measured to cost; `undefined` if never seen. */
  readonly kernel: KernelCost<N> | undefined;
  /** Whether no call has run for a while. */
  readonly afterPause: boolean;
  /** Calls in progress, by strategy. */
  readonly occupied: { readonly [S in N]: Occupation };
  /** Whether a run of the kernel may be given up half way, without a trace. */
  readonly canGiveUp: boolean;
}

/** One strategy at the moment when a call is planned. */
export interface StrategyState {
  /** Why it can't run the call; `undefined` if it can. */
  readonly unavailable: string | undefined;
  /** Workers that serve. */
  readonly serving: number;
  /** Milliseconds until workers may be started, because those before them died; 0 if at once. */
  readonly respawnWait: number;
  /** Milliseconds that earlier calls would have saved if its workers had been up. */
  readonly rent: number;
}

/** What a call may use. */
export interface Means<N extends string> {
  readonly maxWorkers: number;
  readonly states: { readonly [S in N]: StrategyState };
  /** Whether a region that was used before has room for what must be placed. */
  readonly recycles: boolean;
  /** Whether calls follow each other so soon that memory placed now is still there for the next one. */
  readonly keepsRegions: boolean;
}

/** The means of a call, and what the caller has decided. */
export interface Limits<N extends string> extends Means<N> {
  readonly strategy: "auto" | N;
  /** Whether a task can be stopped that takes too long on the calling thread. */
  readonly canInterrupt: boolean;
  /** Why only the calling thread may run the call; `undefined` if others may. */
  readonly hereBecause: string | undefined;
  readonly minBatchSize: number | undefined;
  readonly minInstancesForParallel: number | undefined;
  readonly tinyWorkloadThreshold: number | undefined;
}

/** Milliseconds of one strategy, part by part. */
export interface Estimate {
  /** Starting workers. */
  readonly spawn: number;
  /** Copying arrays to shared memory. */
  readonly place: number;
  /** Waking workers. */
  readonly dispatch: number;
  /** From the start of the first task to the end of the last. */
  readonly compute: number;
  /** Collecting results. */
  readonly results: number;
  readonly total: number;
}

/** What a plan allows of moving on the way. */
export interface HandOverPlan<N extends string> {
  /** The strategy that the call would move to. */
  readonly strategy: N;
  /** Threads that would take over. */
  readonly workers: number;
  /** Of those, how many really run at the same time. */
  readonly width: number;
  /**
   * Milliseconds after which the first task of the unknown kernel is given up and given to the workers; `undefined` if it
   * runs to its end.
   */
  readonly firstTaskLimit: number | undefined;
  /** Milliseconds after which the call looks for the first time at what its tasks cost. */
  readonly firstLook: number;
}

/** How a job will run. Frozen; `String(plan)` is a table for people. */
export interface Plan<N extends string> {
  readonly strategy: N;
  /** The strategies that follow, in order, if this one can't start or loses its workers. */
  readonly fallbacks: readonly N[];
  /** How the call may move to the workers if its tasks prove expensive; `undefined` if it stays where it starts. */
  readonly handOver: HandOverPlan<N> | undefined;
  readonly tasks: number;
  /** Threads that will run tasks. */
  readonly workers: number;
  /** Payload bytes per task that the estimates rest on. */
  readonly taskBytes: number;
  /** The hint that `taskBytes` is; 0 if it was measured. */
  readonly taskSizeHintBytes: number;
  readonly bytesShared: number;
  readonly bytesToPlace: number;
  /** What the kernel was measured to cost so far; `undefined` if never measured. */
  readonly kernel: KernelCost<N> | undefined;
  /** What the predictions rest on. */
  readonly basis: Basis;
  readonly predicted: { readonly [S in N]: Estimate };
  /** Why this strategy, in words. */
  readonly reason: string;
  /** What would make the call faster, in sentences. */
  readonly advice: readonly string[];
  /** The machine's costs that the estimates rest on. */
  readonly host: HostProfile;
  toString(): string;
}
