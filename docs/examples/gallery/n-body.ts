/**
 * Two galaxies that pass by one another, and the arms that they tear out of each other (after Toomre and Toomre, 1972). The total energy
 * tells whether the steps are small enough.
 *
 * Fast because every worker reads all stars where they are, and writes only its own; steps follow each other inside the workers.
 */
import type { Executor } from "sharray";
import { type Picture, png, ramp } from "./picture.js";

type Column = Float64Array<SharedArrayBuffer>;
/** Places and velocities. */
export type Stars = Record<"x" | "y" | "z" | "vx" | "vy" | "vz", Column>;

export interface Physics {
  /** Of each star, in units in which the constant of gravity is 1. */
  readonly mass: Float64Array;
  /** Nearer than this, gravity fades. */
  readonly softening: number;
  readonly step: number;
}

/** Leapfrog steps: half a drift, a kick, half a drift. */
export function simulate(
  executor: Executor,
  stars: Stars,
  { mass, softening, step }: Physics,
  steps: number,
): Promise<Stars> {
  const n = mass.length;
  return executor.iterateShared(
    stars,
    (all, next, { before, scratch }) => {
      const drifted = (place: ArrayLike<number>, velocity: ArrayLike<number>): Float64Array => {
        const out = scratch(Float64Array, n);
        for (let j = 0; j < n; j++) out[j] = place[j]! + (velocity[j]! * step) / 2;
        return out;
      };
      const x = drifted(all.x, all.vx);
      const y = drifted(all.y, all.vy);
      const z = drifted(all.z, all.vz);
      for (let i = 0; i < next.x.length; i++) {
        const own = before + i;
        let ax = 0;
        let ay = 0;
        let az = 0;
        for (let j = 0; j < n; j++) {
          if (j === own) continue;
          const dx = x[j]! - x[own]!;
          const dy = y[j]! - y[own]!;
          const dz = z[j]! - z[own]!;
          const squares = dx * dx + dy * dy + dz * dz + softening * softening;
          const pull = mass[j]! / (squares * Math.sqrt(squares));
          ax += dx * pull;
          ay += dy * pull;
          az += dz * pull;
        }
        next.vx[i] = all.vx[own]! + ax * step;
        next.vy[i] = all.vy[own]! + ay * step;
        next.vz[i] = all.vz[own]! + az * step;
        next.x[i] = x[own]! + (next.vx[i]! * step) / 2;
        next.y[i] = y[own]! + (next.vy[i]! * step) / 2;
        next.z[i] = z[own]! + (next.vz[i]! * step) / 2;
      }
    },
    // Every star sees all others.
    { passes: steps, halo: n },
  );
}

/** Of motion and of gravity. */
export function energy(executor: Executor, stars: Stars, { mass, softening }: Physics): Promise<number> {
  return executor.reduceShared(
    stars,
    ({ x, y, z, vx, vy, vz }, { start, end }) => {
      let sum = 0;
      for (let i = start; i < end; i++) {
        sum += (mass[i]! * (vx[i]! ** 2 + vy[i]! ** 2 + vz[i]! ** 2)) / 2;
        for (let j = 0; j < i; j++) {
          const squares = (x[j]! - x[i]!) ** 2 + (y[j]! - y[i]!) ** 2 + (z[j]! - z[i]!) ** 2;
          sum -= (mass[i]! * mass[j]!) / Math.sqrt(squares + softening ** 2);
        }
      }
      return sum;
    },
    (a, b) => a + b,
    { halo: mass.length },
  );
}

/** A core of mass 1, and around it a disc of `count` stars that turn. */
function galaxy(at: Record<keyof Stars, number>, count: number): Record<keyof Stars | "mass", number>[] {
  return Array.from({ length: count + 1 }, (_, i) => {
    if (i === 0) return { ...at, mass: 1 };
    // As sunflower seeds, with a gap for the core.
    const r = Math.sqrt(0.05 + (0.95 * i) / count);
    const angle = i * Math.PI * (3 - Math.sqrt(5));
    return {
      x: at.x + r * Math.cos(angle),
      y: at.y + r * Math.sin(angle),
      z: at.z,
      vx: at.vx - Math.sin(angle) / Math.sqrt(r),
      vy: at.vy + Math.cos(angle) / Math.sqrt(r),
      vz: at.vz,
      mass: 1e-6,
    };
  });
}

export default async function draw(executor: Executor): Promise<Picture> {
  const rows = [
    ...galaxy({ x: -1.5, y: -1.1, z: 0, vx: 0.35, vy: 0.35, vz: 0 }, 1000),
    ...galaxy({ x: 1.5, y: 1.1, z: 0.2, vx: -0.35, vy: -0.35, vz: 0 }, 500),
  ];
  const column = (name: keyof Stars | "mass") => executor.share(Float64Array.from(rows, (row) => row[name]));
  const physics = { mass: column("mass"), softening: 0.1, step: 0.0125 };
  let stars: Stars = {
    x: column("x"),
    y: column("y"),
    z: column("z"),
    vx: column("vx"),
    vy: column("vy"),
    vz: column("vz"),
  };

  // Four moments, two in a row.
  const [size, moments] = [240, 4];
  const light = new Float64Array(moments * size * size);
  const before = await energy(executor, stars, physics);
  for (let moment = 0; moment < moments; moment++) {
    if (moment > 0) stars = await simulate(executor, stars, physics, 90);
    for (let i = 0; i < rows.length; i++) {
      const x = Math.floor((stars.x[i]! / 6 + 0.5) * size);
      const y = Math.floor((0.5 - stars.y[i]! / 6) * size);
      const isIn = Math.min(x, y) >= 0 && Math.max(x, y) < size;
      const [top, left] = [(moment >> 1) * size, (moment % 2) * size];
      if (isIn) light[(top + y) * 2 * size + left + x]! += physics.mass[i] === 1 ? 3 : 1;
    }
  }
  const after = await energy(executor, stars, physics);
  console.log(`The energy went from ${before.toFixed(4)} to ${after.toFixed(4)}`);
  const palette = ramp([5, 5, 20], [90, 130, 230], [255, 255, 255]);
  return png(
    light.map((stars) => Math.min(255, 160 * stars)),
    2 * size,
    palette,
  );
}
