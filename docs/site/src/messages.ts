/** What the page and its coordinator tell each other. Times are milliseconds, sizes bytes. */

import type { Plan } from "sharray";

export type WorkloadName = "bootstrap" | "hours" | "grid" | "image";
export type FilterName = "blur" | "sharpen" | "edges";
export type WayName = "sequential" | "clone" | "shared";

export interface Settings {
  readonly workload: WorkloadName;
  /** How often the columns are repeated. */
  readonly repeat: number;
  readonly resamples: number;
  readonly megapixels: number;
  readonly filter: FilterName;
  readonly workers: number;
  /** How often each way runs the workload. */
  readonly rounds: number;
  /** Of the shared way. */
  readonly strategy: "auto" | "threads";
}

export type Command =
  | { readonly type: "run"; readonly settings: Settings }
  | { readonly type: "stop" }
  /** The visitor's own picture; null: the one drawn here again. */
  | { readonly type: "picture"; readonly file: Blob | null };

/** What a thread did for a while. Lane 0 is the coordinator, workers count from 1. */
export interface Slice {
  readonly lane: number;
  readonly kind: "copy" | "compute";
  readonly start: number;
  readonly end: number;
}

/** One run of the workload in one way; times count from the way's first round. */
export interface Round {
  readonly start: number;
  readonly end: number;
  readonly slices: readonly Slice[];
  /** Bytes that were copied or sent to other threads. */
  readonly bytesMoved: number;
}

export interface PlanView extends Pick<Plan, "strategy" | "predicted" | "reason" | "tasks" | "bytesShared"> {
  /** What the same call took when it ran. */
  readonly actual: Plan["predicted"]["threads"];
  /** `String(executor.explain(…))`, for calls that it can show. */
  readonly text: string | undefined;
}

/** The result of a workload, to look at. */
export type Answer =
  | { readonly kind: "image"; readonly bitmap: ImageBitmap; readonly caption: string }
  | {
      readonly kind: "bars" | "dots";
      readonly caption: string;
      readonly x: string;
      readonly y: string;
      readonly labels: readonly string[];
      readonly values: readonly number[];
    };

export type Report =
  | { readonly type: "ready"; readonly cores: number; readonly isIsolated: boolean }
  | { readonly type: "loading"; readonly text: string }
  /** `payload` is what the workload reads, `amount` how much it does per round. */
  | { readonly type: "workload"; readonly payload: number; readonly amount: number; readonly unit: string }
  /** `start` is how long its workers took to start. */
  | { readonly type: "began"; readonly way: WayName; readonly lanes: number; readonly start: number }
  | { readonly type: "progress"; readonly way: WayName; readonly share: number }
  | { readonly type: "round"; readonly way: WayName; readonly round: Round }
  | {
      readonly type: "ended";
      readonly way: WayName;
      /** Who computed. */
      readonly ranOn: string;
      readonly fingerprint: string;
      readonly isEqual: boolean;
    }
  | { readonly type: "plan"; readonly plan: PlanView }
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "done" }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly message: string };
