/** What a story is made of. Types only. */
import type { KERNELS } from "./story-kernels.js";

export type KernelName = keyof typeof KERNELS;

/** The call, and how its payload is cut. */
export type StoryCall =
  /** `mapShared` over a list of arrays, one per task. */
  | "list"
  /** `mapShared` over one array with a `chunkSize`. */
  | "chunks"
  /** `reduceShared` over one array with a `chunkSize`. */
  | "reduce"
  /** `transformShared` from one array to one of its kind with a `chunkSize`. */
  | "transform"
  /** `map` over numbers with one array as `shared` payload. */
  | "items";

/** One shape of a call, and how often it is made. */
export interface Step {
  readonly name: string;
  readonly call: StoryCall;
  /** All payload together. */
  readonly bytes: number;
  /** "default": the engine cuts. */
  readonly tasks: number | "default";
  /**
   * What the kernel does, in its unit: nanoseconds of arithmetic per task, or passes over its elements. Of a list, each
   * call takes the next one, and after the last the first again.
   */
  readonly work: number | readonly number[];
  /** The work of each call is that of the one before times this. 1 if not given. */
  readonly growth?: number;
  /** Float64 if not given. */
  readonly kind?: "f64" | "f32" | "u8";
  /** The payload is on shared memory already; otherwise threads must copy it there in every call. */
  readonly shared: boolean;
  readonly times: number;
  /** Milliseconds of a timer before each call. 0 if not given. */
  readonly pause?: number;
  /** Calls that are made at once, and timed together. 1 if not given. */
  readonly together?: number;
}

/** One kernel and its calls, on one executor that lives through all of them. */
export interface Story {
  readonly name: string;
  readonly kernel: KernelName;
  /** The pool is not started beforehand, and the time of all calls of a step together counts, with that of the start. */
  readonly cold?: boolean;
  /** Part of `--quick`. */
  readonly quick?: boolean;
  readonly steps: readonly Step[];
}
