/** What the plain workers can do. They call the very functions that are the engine's kernels. */

import {
  type Candidate,
  type Convolution,
  convolve,
  delaysByHour,
  type Grid,
  heldOutError,
  resample,
} from "../kernels.js";

type Bins = Parameters<typeof resample>[2]["args"];

interface Payloads {
  readonly bootstrap: { readonly seeds: readonly number[]; readonly delay: Int16Array; readonly args: Bins };
  readonly hours: { readonly hour: Uint8Array; readonly delay: Int16Array };
  readonly grid: {
    readonly candidates: readonly Candidate[];
    readonly delay: Int16Array;
    readonly distance: Int16Array;
    readonly args: Grid;
  };
  /** A band of the image with the rows around it that its edges need; `start` and `length` count its own pixels. */
  readonly image: { readonly start: number; readonly length: number; readonly args: Convolution };
}

export type CloneJob = {
  [N in keyof Payloads]: { readonly name: N; readonly payload: Payloads[N] };
}[keyof Payloads];

export function runJob(job: CloneJob): Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  switch (job.name) {
    case "bootstrap": {
      const { seeds, delay, args } = job.payload;
      const resampled = seeds.map((seed) => resample(seed, { delay }, contextOf(args)));
      return Float64Array.from(resampled.flatMap(({ mean, p95 }) => [mean, p95]));
    }
    case "hours":
      return delaysByHour(job.payload) as Float64Array<ArrayBuffer>;
    case "grid": {
      const { candidates, args, ...columns } = job.payload;
      return Float64Array.from(candidates, (candidate) => heldOutError(candidate, columns, contextOf(args)));
    }
    case "image": {
      const { start, length, args } = job.payload;
      const out = new Uint32Array(length);
      convolve(args.pixels, out, { start, args });
      return out;
    }
  }
}

/** What these kernels are told beside their data. */
function contextOf<A>(args: A) {
  return { args };
}
