/**
 * The price of a European call by Monte Carlo, against the closed form of Black and Scholes. The figures are those of Hull, "Options,
 * Futures, and Other Derivatives": the call costs 4.76.
 *
 * Fast because random number `i` needs none of those before it: each worker makes the numbers of its own paths, and answers with
 * two sums.
 */
import * as Plot from "@observablehq/plot";
import type { Executor } from "sharray";
import { legend, type Picture, plot } from "./picture.js";

export interface Option {
  readonly spot: number;
  readonly strike: number;
  /** Interest and volatility per year. */
  readonly rate: number;
  readonly volatility: number;
  readonly years: number;
}

export const HULL: Option = { spot: 42, strike: 40, rate: 0.1, volatility: 0.2, years: 0.5 };

export interface Payoffs {
  readonly paths: number;
  readonly sum: number;
  readonly squares: number;
}

/** Discounted payoffs of random paths, chunk by chunk. */
export function simulate(executor: Executor, option: Option, paths: number, seed = 0): Promise<Payoffs[]> {
  const { spot, strike, rate, volatility, years } = option;
  const drift = (rate - volatility ** 2 / 2) * years;
  const spread = volatility * Math.sqrt(years);
  return executor.mapShared(
    paths,
    (_, { start, end, rng }) => {
      let sum = 0;
      let squares = 0;
      for (let i = start; i < end; i++) {
        const price = spot * Math.exp(drift + spread * rng.normal(i));
        const payoff = Math.exp(-rate * years) * Math.max(0, price - strike);
        sum += payoff;
        squares += payoff ** 2;
      }
      return { paths: end - start, sum, squares };
    },
    { seed },
  );
}

/** The mean and its standard error after the first chunk, the first two, and so on. */
export function estimates(chunks: readonly Payoffs[]): { paths: number; price: number; error: number }[] {
  let [paths, sum, squares] = [0, 0, 0];
  return chunks.map((chunk) => {
    paths += chunk.paths;
    sum += chunk.sum;
    squares += chunk.squares;
    const price = sum / paths;
    return { paths, price, error: Math.sqrt((squares / paths - price ** 2) / paths) };
  });
}

/** Black and Scholes (1973). */
export function closedForm({ spot, strike, rate, volatility, years }: Option): number {
  const spread = volatility * Math.sqrt(years);
  const d = (Math.log(spot / strike) + (rate + volatility ** 2 / 2) * years) / spread;
  return spot * normal(d) - strike * Math.exp(-rate * years) * normal(d - spread);
}

/** The normal distribution function, by its series (Abramowitz and Stegun 26.2.11). */
function normal(x: number): number {
  let [sum, term] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= x ** 2 / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-(x ** 2) / 2)) / Math.sqrt(2 * Math.PI);
}

export default async function draw(executor: Executor): Promise<Picture> {
  const path = estimates(await simulate(executor, HULL, 4_000_000));
  const { price, error } = path.at(-1)!;
  const exact = closedForm(HULL);
  console.log(`Monte Carlo ${price.toFixed(4)} ± ${(2 * error).toFixed(4)}, closed form ${exact.toFixed(4)}`);
  return plot({
    marginLeft: 50,
    x: { label: "paths", tickFormat: "s" },
    y: { label: "price of the call", grid: true, domain: [exact - 0.06, exact + 0.06] },
    marks: [
      Plot.areaY(path, {
        x: "paths",
        y1: ({ price, error }) => price - 2 * error,
        y2: ({ price, error }) => price + 2 * error,
        fill: "#4269d0",
        fillOpacity: 0.2,
        clip: true,
      }),
      Plot.line(path, { x: "paths", y: "price", stroke: "#4269d0" }),
      Plot.ruleY([exact], { stroke: "#ff725c" }),
      ...legend("bottom-right", {
        "Monte Carlo \u00b1 2 standard errors": "#4269d0",
        "closed form": "#ff725c",
      }),
    ],
  });
}
