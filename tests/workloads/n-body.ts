/** Stars that attract each other, as in the gallery. */
import { type Stars, simulate } from "../../docs/examples/gallery/n-body.js";
import { numbers, type Workload } from "./workload.js";

const [STARS, STEPS, STEP, SOFTENING] = [60, 10, 0.01, 0.1];
const AXES = ["x", "y", "z"] as const;
const mass = new Float64Array(STARS).fill(1 / STARS);
const places = numbers(6 * STARS, 1000).map((n) => n / 500 - 1);
const column = (i: number): Float64Array => Float64Array.from(places.slice(i * STARS, (i + 1) * STARS));
const given = { x: column(0), y: column(1), z: column(2), vx: column(3), vy: column(4), vz: column(5) };

export const nBody: Workload = {
  run: (executor) => {
    const stars: Stars = executor.share(given);
    return simulate(executor, stars, { mass: executor.share(mass), softening: SOFTENING, step: STEP }, STEPS);
  },
  loop() {
    const stars = structuredClone(given);
    const drift = (): void => {
      for (const axis of AXES) {
        for (let i = 0; i < STARS; i++) stars[axis][i]! += (stars[`v${axis}`][i]! * STEP) / 2;
      }
    };
    for (let step = 0; step < STEPS; step++) {
      drift();
      for (let i = 0; i < STARS; i++) {
        const pull = { x: 0, y: 0, z: 0 };
        for (let j = 0; j < STARS; j++) {
          if (j === i) continue;
          const [dx, dy, dz] = AXES.map((axis) => stars[axis][j]! - stars[axis][i]!) as [
            number,
            number,
            number,
          ];
          const squares = dx * dx + dy * dy + dz * dz + SOFTENING * SOFTENING;
          const force = mass[j]! / (squares * Math.sqrt(squares));
          for (const [k, axis] of AXES.entries()) pull[axis] += [dx, dy, dz][k]! * force;
        }
        for (const axis of AXES) stars[`v${axis}`][i]! += pull[axis] * STEP;
      }
      drift();
    }
    return stars;
  },
  refusedBy: { processes: "reads what others have written in the one before" },
};
