/** What the figures must satisfy. */
import { geometricMean } from "../harness/statistics.js";
import type { ColdResult } from "./cold.js";
import { STORY_BARS, type StoryCell } from "./story-bench.js";
import { WARM_BAR, type WarmOutcome } from "./warm.js";

export interface Bar {
  readonly what: string;
  readonly allowed: string;
  readonly figure: string;
  readonly holds: boolean;
}

const LEAST_WARM_CELLS = 60;
const LEAST_COLD_CELLS = 16;
const LEAST_STORY_CELLS = 60;
const GEOMETRIC_MEAN_BAR = 1.05;
const COLD_BAR = 1.5;
const PREDICTION_FACTOR = 2;
const PREDICTION_SHARE = 0.9;

export function isPredicted({ prediction }: { readonly prediction: number }): boolean {
  return prediction <= PREDICTION_FACTOR && prediction >= 1 / PREDICTION_FACTOR;
}

/** @param whole the whole grid was asked for, so there must be enough of it */
export function judge(
  outcomes: readonly WarmOutcome[],
  cold: readonly ColdResult[],
  stories: readonly StoryCell[],
  whole: boolean,
): Bar[] {
  const warm = outcomes.map(({ result }) => result).filter((result) => result !== "skipped");
  const bars: Bar[] = [];
  if (whole) {
    bars.push(atLeast("warm cells", warm.length, LEAST_WARM_CELLS));
    bars.push(atLeast("cold cells", cold.length, LEAST_COLD_CELLS));
    bars.push(atLeast("story cells", stories.length, LEAST_STORY_CELLS));
  }
  if (warm.length > 0) {
    const regrets = warm.map(({ regret }) => regret);
    bars.push(
      atMost("warm regret, geometric mean", geometricMean(regrets), GEOMETRIC_MEAN_BAR),
      atMost("warm regret, worst cell", Math.max(...regrets), WARM_BAR),
      mostlyPredicted("warm", warm),
    );
  }
  if (cold.length > 0) {
    bars.push(atMost("cold regret, worst cell", Math.max(...cold.map(({ regret }) => regret)), COLD_BAR));
  }
  if (stories.length > 0) bars.push(...storyBars(stories));
  return bars;
}

function storyBars(cells: readonly StoryCell[]): Bar[] {
  const later = cells.map(({ later: { regret } }) => regret);
  const first = cells.flatMap(({ first: figure }) => (figure === undefined ? [] : [figure.regret]));
  const bars = [
    atMost("story regret from the third call on, geometric mean", geometricMean(later), GEOMETRIC_MEAN_BAR),
    atMost("story regret from the third call on, worst cell", Math.max(...later), STORY_BARS.later),
    mostlyPredicted("story", cells),
  ];
  if (first.length > 0) {
    bars.push(
      atMost("story regret of a shape's first call, worst cell", Math.max(...first), STORY_BARS.first),
    );
  }
  return bars;
}

function mostlyPredicted(which: string, cells: readonly { readonly prediction: number }[]): Bar {
  const share = cells.filter(isPredicted).length / cells.length;
  return {
    what: `${which} predictions within a factor of ${PREDICTION_FACTOR}`,
    allowed: `at least ${100 * PREDICTION_SHARE} %`,
    figure: `${(100 * share).toFixed(1)} %`,
    holds: share >= PREDICTION_SHARE,
  };
}

function atLeast(what: string, figure: number, least: number): Bar {
  return { what, allowed: `at least ${least}`, figure: String(figure), holds: figure >= least };
}

function atMost(what: string, figure: number, most: number): Bar {
  return { what, allowed: `at most ${most.toFixed(2)}`, figure: figure.toFixed(3), holds: figure <= most };
}
