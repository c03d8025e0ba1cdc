/** What the figures must satisfy. */
import { geometricMean } from "../harness/statistics.js";
import type { ColdResult } from "./cold.js";
import { WARM_BAR, type WarmOutcome, type WarmResult } from "./warm.js";

export interface Bar {
  readonly what: string;
  readonly allowed: string;
  readonly figure: string;
  readonly holds: boolean;
}

const LEAST_WARM_CELLS = 60;
const LEAST_COLD_CELLS = 16;
const GEOMETRIC_MEAN_BAR = 1.05;
const COLD_BAR = 1.5;
const PREDICTION_FACTOR = 2;
const PREDICTION_SHARE = 0.9;

export function isPredicted({ prediction }: WarmResult): boolean {
  return prediction <= PREDICTION_FACTOR && prediction >= 1 / PREDICTION_FACTOR;
}

/** @param whole the whole grid was asked for, so there must be enough of it */
export function judge(outcomes: readonly WarmOutcome[], cold: readonly ColdResult[], whole: boolean): Bar[] {
  const warm = outcomes.map(({ result }) => result).filter((result) => result !== "skipped");
  const bars: Bar[] = [];
  if (whole) {
    bars.push(atLeast("warm cells", warm.length, LEAST_WARM_CELLS));
    bars.push(atLeast("cold cells", cold.length, LEAST_COLD_CELLS));
  }
  if (warm.length > 0) {
    const regrets = warm.map(({ regret }) => regret);
    const share = warm.filter(isPredicted).length / warm.length;
    bars.push(
      atMost("warm regret, geometric mean", geometricMean(regrets), GEOMETRIC_MEAN_BAR),
      atMost("warm regret, worst cell", Math.max(...regrets), WARM_BAR),
      {
        what: `warm predictions within a factor of ${PREDICTION_FACTOR}`,
        allowed: `at least ${100 * PREDICTION_SHARE} %`,
        figure: `${(100 * share).toFixed(1)} %`,
        holds: share >= PREDICTION_SHARE,
      },
    );
  }
  if (cold.length > 0) {
    bars.push(atMost("cold regret, worst cell", Math.max(...cold.map(({ regret }) => regret)), COLD_BAR));
  }
  return bars;
}

function atLeast(what: string, figure: number, least: number): Bar {
  return { what, allowed: `at least ${least}`, figure: String(figure), holds: figure >= least };
}

function atMost(what: string, figure: number, most: number): Bar {
  return { what, allowed: `at most ${most.toFixed(2)}`, figure: figure.toFixed(3), holds: figure <= most };
}
