/**
 * Measures what this machine charges: copies and claims once per process, in the background after the first call; spawning
 * and dispatching as they happen.
 */
import { defaultHostProfile, type HostProfile } from "../plan/host-profile.js";
import { setTimeout, structuredClone } from "../platform/builtins.js";
import { copyBytes } from "../platform/bytes.js";
import { clock } from "../platform/clock.js";
import { inBackground, lastCpuBudget, unref } from "../platform/runtime.js";
import { ControlBlock } from "../protocol/control-block.js";

/** Measurements that calls make on their way. */
export type Observation =
  | "spawn"
  | "dispatchSequential"
  | "dispatchHot"
  | "dispatchIdle"
  | "dispatchCold"
  | "spawnProcess"
  | "dispatchProcess"
  | "dispatchProcessIdle"
  | "dispatchProcessCold"
  | "placePerByteRecycled"
  | "placePerByteFresh";

// A new measurement counts this much. As for kernels, disturbances make measurements longer, never shorter.
const WEIGHT_SHORTER = 2 / 3;
const WEIGHT_LONGER = 1 / 5;
// Too large for the caches of most machines, and small enough for a millisecond per step.
const SAMPLE_BYTES = 1024 * 1024;
const CLAIMS = 1000;
// A program of one call is over by then. Otherwise it would wait 4 ms for the measurements.
const LATER_MS = 50;

// One outlier must not keep the planner from ever measuring again.
const LONGEST_FACTOR = 3;

const measured: { -readonly [F in keyof HostProfile]?: HostProfile[F] } = {};
const observed = new Set<Observation>();
/** The profile of that version. */
const told: { -readonly [F in Observation]?: number } = {};
let isMeasured = false;
let version = 0;

// Each call measures something, and most differ by some percent; profiles are brought up to date only if they would differ by
// more.
const WORTH_TELLING = 0.2;

/** Notes what a call measured on its way. */
export function observe(what: Observation, value: number): void {
  const before = measured[what] ?? defaultHostProfile[what];
  const taken = Math.min(value, LONGEST_FACTOR * Math.max(before, defaultHostProfile[what]));
  if (!observed.has(what)) observed.add(what);
  const after = before + (taken < before ? WEIGHT_SHORTER : WEIGHT_LONGER) * (taken - before);
  measured[what] = after;
  if (Math.abs(after - (told[what] ?? 0)) <= WORTH_TELLING * after) return;
  told[what] = after;
  version += 1;
}

/** CPUs, as they were when a call first asked. */
export function parallelism(): number {
  measured.parallelism ??= lastCpuBudget();
  return measured.parallelism;
}

/** The host as one executor sees it: what was measured so far, under what its configuration says. */
export class HostMeter {
  readonly #given: Partial<HostProfile>;
  readonly #profile = { ...defaultHostProfile };
  #version = -1;

  constructor(given: Partial<HostProfile>) {
    this.#given = given;
  }

  /** Always the same object, brought up to date: making and freezing one takes 3 µs. `hostProfileOf` makes a copy to keep. */
  get profile(): HostProfile {
    if (this.#version !== version) {
      parallelism();
      Object.assign(this.#profile, measured, this.#given);
      this.#version = version;
    }
    return this.#profile;
  }

  /** Measures in the background, unless this process has: four steps of about a millisecond, a moment later and each in a turn of its own. */
  measureOnce(): void {
    if (isMeasured) return;
    isMeasured = true;
    let source: Uint8Array;
    let target: Uint8Array;
    const steps = [
      () => {
        source = new Uint8Array(SAMPLE_BYTES).fill(1);
        target = new Uint8Array(new SharedArrayBuffer(SAMPLE_BYTES));
        set("placePerByteFresh", time(() => copyBytes(target, source)) / SAMPLE_BYTES);
      },
      () => {
        // The best of three: the first ones bring the source into the cache levels that it fits.
        const best = Math.min(...[0, 1, 2].map(() => time(() => copyBytes(target, source))));
        set("placePerByteRecycled", best / SAMPLE_BYTES);
      },
      () => set("clonePerByte", time(() => structuredClone(source)) / SAMPLE_BYTES),
      () => {
        const control = new ControlBlock(new Int32Array(new SharedArrayBuffer(64)));
        control.reset(CLAIMS);
        const claimAll = (): void => {
          while (control.claim(1) !== -1) control.endClaim(1);
        };
        set("perClaim", time(claimAll) / CLAIMS);
      },
    ];
    const next = (): void => {
      const step = steps.shift();
      if (step === undefined) return;
      step();
      inBackground(next);
    };
    unref(setTimeout(next, LATER_MS));
  }
}

/** A call's own measurement of the same is over more bytes, so it is kept. */
function set(field: keyof HostProfile, value: number): void {
  if (observed.has(field as Observation)) return;
  measured[field] = value;
  version += 1;
}

function time(work: () => void): number {
  const start = clock();
  work();
  return clock() - start;
}
