/** The scenarios: a kernel, a payload, and how it is cut. Plain data. */
import { type Arrays, fill, forest, random, regression } from "./data.js";
import type { KernelName } from "./kernels/index.js";

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /**
   * The call that suits it: `map` over batches of `units`, which see the payload whole; `mapShared` over the payload's
   * arrays; `transformShared` and `reduceShared` over chunks of its `units` rows.
   */
  readonly call: "map" | "mapShared" | "transformShared" | "reduceShared";
  readonly kernel: KernelName;
  /** Units per task: as a user would choose, then others to compare with. */
  readonly chunks: readonly [number, ...number[]];
  /** @param quick a small payload */
  readonly prepare: (quick: boolean) => Prepared;
}

export interface Prepared {
  readonly arrays: Arrays;
  readonly units: number;
}

const MB = 2 ** 20;

export const scenarios: readonly Scenario[] = [
  {
    name: "explain compact",
    about: "perturbation explanations: 100 instances, 10 features, 150 calibration instances",
    call: "map",
    kernel: "explain",
    chunks: [12, 3, 50],
    prepare: () => ({ arrays: forest(100, 10, 150), units: 100 }),
  },
  {
    name: "explain wide",
    about: "the same for 500 instances, 200 features, 1000 calibration instances",
    call: "map",
    kernel: "explain",
    chunks: [10, 2, 250],
    prepare: (quick) => {
      const units = quick ? 60 : 500;
      return { arrays: forest(units, 200, 1000), units };
    },
  },
  {
    name: "bootstrap",
    about: "means of 256 resamples of 100,000 values",
    call: "map",
    kernel: "bootstrap",
    chunks: [4, 1, 64],
    prepare: (quick) => ({ arrays: { sample: fill(100_000, random(3)) }, units: quick ? 128 : 256 }),
  },
  {
    name: "k-fold grid",
    about: "ridge regressions: 32 penalties by 8 folds",
    call: "map",
    kernel: "kFold",
    chunks: [4, 1, 64],
    prepare: (quick) => ({ arrays: regression(2000, 10, 8), units: quick ? 128 : 256 }),
  },
  {
    name: "Black-Scholes",
    about: "prices of 1,000,000 options",
    call: "transformShared",
    kernel: "blackScholes",
    chunks: [16_384, 1024, 262_144],
    prepare: (quick) => {
      const units = quick ? 200_000 : 1_000_000;
      return {
        arrays: {
          spot: fill(units, (i) => 50 + ((i * 7919) % 1000) / 10),
          strike: fill(units, (i) => 60 + ((i * 104_729) % 800) / 10),
          years: fill(units, (i) => 0.1 + ((i * 1299) % 500) / 100),
        },
        units,
      };
    },
  },
  {
    name: "FFT",
    about: "power spectra of 512 signals of 4096 points",
    call: "transformShared",
    kernel: "fft",
    chunks: [4 * 4096, 4096, 64 * 4096],
    prepare: (quick) => {
      const units = 4096 * (quick ? 64 : 512);
      return { arrays: { signal: fill(units, random(5)) }, units };
    },
  },
  {
    name: "convolution",
    about: "a blur of 5 x 5 over an image of 1024 x 1024",
    call: "map",
    kernel: "convolve",
    chunks: [32, 4, 256],
    prepare: (quick) => {
      const units = quick ? 256 : 1024;
      const next = random(9);
      const image = Float32Array.from({ length: 1024 * units }, next);
      return { arrays: { image, shape: Int32Array.of(1024) }, units };
    },
  },
  {
    name: "sum",
    about: "the sum of 64 MB: bound by memory",
    call: "reduceShared",
    kernel: "sum",
    chunks: [65_536, 4096, 2 ** 20],
    prepare: (quick) => {
      const units = ((quick ? 16 : 64) * MB) / 8;
      return { arrays: { x: fill(units, (i) => i % 1009) }, units };
    },
  },
  {
    name: "tiny tasks",
    about: "10,000 square roots, one per task",
    call: "map",
    kernel: "tiny",
    chunks: [1, 10, 1000],
    prepare: (quick) => ({ arrays: {}, units: quick ? 1000 : 10_000 }),
  },
  {
    name: "huge payload",
    about: "4 arrays of 64 MB, of which each task reads one element per page",
    call: "mapShared",
    kernel: "glance",
    chunks: [1],
    prepare: (quick) => {
      const length = ((quick ? 16 : 64) * MB) / 8;
      const arrays = Object.fromEntries(
        ["a", "b", "c", "d"].map((name, k) => [name, fill(length, (i) => (i + k) % 1009)]),
      );
      return { arrays, units: 4 };
    },
  },
];
