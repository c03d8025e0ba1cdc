/** The price of an option by random paths, as in the gallery. */
import { ParallelExecutor } from "sharray";
import { estimates, HULL, simulate } from "../../docs/examples/gallery/option-price.js";
import type { Workload } from "./workload.js";

const [PATHS, SEED] = [20_000, 3];
/** The order of the sums differs. */
const rounded = (...figures: number[]): string[] => figures.map((figure) => figure.toFixed(9));

export const monteCarlo: Workload = {
  async run(executor) {
    const { price, error } = estimates(await simulate(executor, HULL, PATHS, SEED)).at(-1)!;
    return rounded(price, error);
  },
  /** Over the same random numbers, all drawn by one task. */
  async loop() {
    const executor = new ParallelExecutor({ strategy: "sequential" });
    const draw = (rng: { normal(i: number): number }) =>
      Float64Array.from({ length: PATHS }, (_, i) => rng.normal(i));
    const [normals] = await executor.map([0], (_item, _shared, { rng }) => draw(rng), { seed: SEED });
    const { spot, strike, rate, volatility, years } = HULL;
    const payoffs = normals!.map((normal) => {
      const growth = (rate - volatility ** 2 / 2) * years + volatility * Math.sqrt(years) * normal;
      return Math.exp(-rate * years) * Math.max(0, spot * Math.exp(growth) - strike);
    });
    const price = payoffs.reduce((sum, payoff) => sum + payoff, 0) / PATHS;
    const variance = payoffs.reduce((sum, payoff) => sum + payoff ** 2, 0) / PATHS - price ** 2;
    return rounded(price, Math.sqrt(variance / PATHS));
  },
};
