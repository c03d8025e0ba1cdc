/** The gate: this version's ratios against the committed ones. */
import { ask } from "../harness/ask.js";
import { WORKERS } from "../harness/cell.js";
import { busyTime, Cores } from "../harness/cores.js";
import { describeMachine, machineLine } from "../harness/machine.js";
import { spinCost } from "../harness/spin.js";
import { median } from "../harness/statistics.js";
import { isAlike, readBaseline, writeBaseline } from "./baseline.js";
import { bounded, duels } from "./cells.js";
import type { Verdict } from "./gate-child.js";

/** A ratio this far above its baseline, in each of `RUNS` runs, is a regression. */
const ALLOWED = 1.1;
const RUNS = 3;
const BASELINE_RUNS = 9;
/** Bare threads gain at least this share of what they would on cores of their own. */
const FREE = 0.85;
/** Other programs compute for at most this share of the time of one core meanwhile. */
const MOST_TAKEN = 0.1;
const ATTEMPTS = 10;

/** A duel, and what its figure may be. */
interface Watch {
  readonly name: string;
  readonly most: number;
  readonly unit: string;
}

/** @returns whether no duel became slower, and all that have a limit keep to it */
export async function check(): Promise<boolean> {
  const { machine, duels: baseline } = readBaseline();
  const here = describeMachine(WORKERS);
  const watched: Watch[] = bounded.map(({ duel, limit, guard }) => {
    return { name: duel.name, most: guard, unit: limit.unit };
  });
  if (isAlike(machine, here)) {
    for (const { name, ratio, isJudged } of baseline) {
      if (isJudged) watched.push({ name, most: ALLOWED * ratio, unit: "x" });
    }
  } else {
    console.log(`The baseline was measured on another machine: ${machineLine(machine)}.`);
    console.log(`This one is ${machineLine(here)}, so only limits are judged. --baseline measures one.`);
  }
  const cores = await Cores.start(WORKERS, spinCost());
  // What exceeds is measured again after all others, so that one bad moment does not meet it thrice.
  let suspects: readonly Watch[] = watched;
  for (let run = 1; run <= RUNS && suspects.length > 0; run += 1) {
    const exceeding: Watch[] = [];
    for (const watch of suspects) {
      const figure = await measureUndisturbed(watch.name, cores);
      console.log(`run ${run}  ${watch.name.padEnd(60)} ${verdictOn(figure, watch)}`);
      if (figure !== undefined && figure > watch.most) exceeding.push(watch);
    }
    suspects = exceeding;
  }
  await cores.shutdown();
  for (const { name } of suspects) console.log(`TOO SLOW: ${name}, in ${RUNS} of ${RUNS} runs`);
  return suspects.length === 0;
}

function verdictOn(figure: number | undefined, { most, unit }: Watch): string {
  if (figure === undefined) return "not judged: other programs had the cores";
  const [is, may] = [figure, most].map((each) => each.toPrecision(4));
  return `${is} ${unit}, ${figure > most ? "above" : "at most"} ${may}`;
}

/** Measures this version and writes its ratios as the ones to be held. */
export async function measureBaseline(): Promise<void> {
  const cores = await Cores.start(WORKERS, spinCost());
  const runs = new Map(duels.map(({ name }) => [name, [] as number[]]));
  for (let run = 1; run <= BASELINE_RUNS; run += 1) {
    for (const [name, ratios] of runs) {
      const ratio = await measureUndisturbed(name, cores);
      if (ratio === undefined)
        throw new Error("Cannot measure a baseline while other programs have the cores");
      ratios.push(ratio);
    }
    console.log(`run ${run} of ${BASELINE_RUNS}`);
  }
  await cores.shutdown();
  const watched = [...runs].map(([name, ratios]) => {
    const ratio = median(ratios);
    const noise = Math.max(...ratios) / ratio;
    return { name, ratio, noise, isJudged: noise <= ALLOWED };
  });
  writeBaseline({ machine: describeMachine(WORKERS), runs: BASELINE_RUNS, duels: watched });
  for (const { name, ratio, noise, isJudged } of watched) {
    console.log(
      `${name.padEnd(60)} ${ratio.toFixed(3)}  noise ${noise.toFixed(3)}  ${isJudged ? "judged" : ""}`,
    );
  }
}

/** @returns `undefined` if other programs had the cores, before, meanwhile or after, in every attempt */
async function measureUndisturbed(name: string, cores: Cores): Promise<number | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await cores.measure();
    const started = performance.now();
    const [busy, own] = [busyTime(), process.cpuUsage()];
    const { figure, computing } = await ask<Verdict>(new URL("gate-child.js", import.meta.url), name);
    const { user, system } = process.cpuUsage(own);
    const others = busyTime() - busy - computing - (user + system) / 1000;
    const wereFree = others <= MOST_TAKEN * (performance.now() - started);
    if (wereFree && Math.min(before, await cores.measure()) >= FREE * WORKERS) return figure;
  }
  return undefined;
}
