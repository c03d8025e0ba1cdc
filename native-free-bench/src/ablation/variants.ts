/** Ways to run the same call, each one step away from the first of its kind. Plain data. */
import type { Strategy } from "../scenarios/calls.js";

export interface Variant {
  readonly name: string;
  readonly strategy: Strategy;
  /** Where the input is: on shared memory already, or plain, so that threads must place it in every call. */
  readonly input: "shared" | "plain";
  /** "cold": the executor was made for this call, and the start of its pool counts. */
  readonly pool: "hot" | "cold";
  /** "fresh": the pool is hot, but no region was used before, so that placing pays for the first touch of memory. */
  readonly regions: "reused" | "fresh";
  /** Which of the scenario's chunk sizes. */
  readonly chunk: number;
}

/** The reference. */
export const SEQUENTIAL: Variant = {
  name: "sequential",
  strategy: "sequential",
  input: "shared",
  pool: "hot",
  regions: "reused",
  chunk: 0,
};
const THREADS: Variant = { ...SEQUENTIAL, name: "threads", strategy: "threads" };
const AUTO: Variant = { ...SEQUENTIAL, name: "auto", strategy: "auto" };

export const variants: readonly Variant[] = [
  SEQUENTIAL,
  THREADS,
  { ...THREADS, name: "threads, small chunks", chunk: 1 },
  { ...THREADS, name: "threads, large chunks", chunk: 2 },
  { ...THREADS, name: "threads, plain input", input: "plain" },
  { ...THREADS, name: "threads, plain input, fresh regions", input: "plain", regions: "fresh" },
  { ...THREADS, name: "threads, cold pool", pool: "cold" },
  { ...THREADS, name: "threads, cold pool, plain input", input: "plain", pool: "cold", regions: "fresh" },
  AUTO,
  { ...AUTO, name: "auto, plain input", input: "plain" },
  { ...AUTO, name: "auto, cold pool", pool: "cold" },
];
