/** What the bench is made of: cells, each measured in a process of its own, all with answers of one shape. */
import { ParallelConfig } from "../../../dist/index.js";
import type { Pace, Row } from "./race.js";
import type { Summary } from "./statistics.js";

export const SECTIONS = ["bars", "ablation", "tricks", "peers", "limits", "scaling"] as const;
export type Section = (typeof SECTIONS)[number];

export interface Cell {
  readonly name: string;
  /** How many processes measure it one after the other, if processes differ more than rounds; default 1. */
  readonly processes?: number;
  readonly measure: (effort: Effort) => Promise<Partial<Measured>>;
}

/** How much may be spent on a cell. */
export interface Effort {
  readonly quick: boolean;
  readonly pace: Pace;
}

export interface Measured {
  readonly tables: readonly Table[];
  readonly bars: readonly Bar[];
  readonly curves: readonly Curve[];
  /** What could not be measured here, and why. */
  readonly skipped: readonly string[];
}

interface Table {
  readonly title: string;
  /** Its line has the ratio 1. */
  readonly reference: string;
  readonly rows: readonly Row[];
}

/** A figure that must keep to a limit. */
export interface Bar {
  readonly number: number;
  readonly what: string;
  readonly limit: number;
  readonly rule: "at most" | "at least";
  readonly unit: "x" | "ms" | "µs" | "ns" | "bytes" | "%";
  readonly figure: Summary;
  readonly note?: string;
}

/** How a cost grows. */
export interface Curve {
  readonly title: string;
  /** What the horizontal axis counts. */
  readonly unit: string;
  readonly points: readonly { readonly x: number; readonly us: Summary; readonly fitted: number }[];
  /** The fitted growth, in words. */
  readonly growth: string;
}

/** Two at least, so that there is something to share even on one core. */
export const WORKERS = Math.max(2, new ParallelConfig().maxWorkers);

export const FULL: Effort = { quick: false, pace: { budget: 6000, least: 7, most: 41, warmUps: 2 } };
export const QUICK: Effort = { quick: true, pace: { budget: 600, least: 3, most: 21, warmUps: 1 } };

export function holds({ figure, limit, rule }: Bar): boolean {
  return rule === "at most" ? figure.median <= limit : figure.median >= limit;
}
