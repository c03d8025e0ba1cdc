/** The gate: this version's ratios against the committed ones. */
import { ask } from "../harness/ask.js";
import { WORKERS } from "../harness/cell.js";
import { busyTime, Cores } from "../harness/cores.js";
import { describeMachine, machineLine } from "../harness/machine.js";
import { spinCost } from "../harness/spin.js";
import { median } from "../harness/statistics.js";
import { isAlike, readBaseline, type Watched, writeBaseline } from "./baseline.js";
import { duels } from "./cells.js";
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

/** @returns whether no duel became slower */
export async function check(): Promise<boolean> {
  const { machine, duels: watched } = readBaseline();
  const here = describeMachine(WORKERS);
  if (!isAlike(machine, here)) {
    console.log(`The baseline was measured on another machine: ${machineLine(machine)}.`);
    console.log(`This one is ${machineLine(here)}, so nothing is judged. --baseline measures one.`);
    return true;
  }
  const cores = await Cores.start(WORKERS, spinCost());
  // What exceeds is measured again after all others, so that one bad moment does not meet it thrice.
  let suspects: readonly Watched[] = watched.filter(({ isJudged }) => isJudged);
  for (let run = 1; run <= RUNS && suspects.length > 0; run += 1) {
    const exceeding: Watched[] = [];
    for (const duel of suspects) {
      const ratio = await measureUndisturbed(duel.name, cores);
      const times = ratio === undefined ? undefined : ratio / duel.ratio;
      console.log(`run ${run}  ${duel.name.padEnd(60)} ${verdictOn(times)}`);
      if (times !== undefined && times > ALLOWED) exceeding.push(duel);
    }
    suspects = exceeding;
  }
  await cores.shutdown();
  for (const { name } of suspects) console.log(`SLOWER: ${name}, in ${RUNS} of ${RUNS} runs`);
  return suspects.length === 0;
}

function verdictOn(times: number | undefined): string {
  if (times === undefined) return "not judged: other programs had the cores";
  return `${times.toFixed(3)} of the baseline${times > ALLOWED ? `  above ${ALLOWED}` : ""}`;
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

/** @returns undefined where other programs had the cores, before, meanwhile or after, in every attempt */
async function measureUndisturbed(name: string, cores: Cores): Promise<number | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await cores.measure();
    const started = performance.now();
    const [busy, own] = [busyTime(), process.cpuUsage()];
    const { ratio, computing } = await ask<Verdict>(new URL("gate-child.js", import.meta.url), name);
    const { user, system } = process.cpuUsage(own);
    const others = busyTime() - busy - computing - (user + system) / 1000;
    const wereFree = others <= MOST_TAKEN * (performance.now() - started);
    if (wereFree && Math.min(before, await cores.measure()) >= FREE * WORKERS) return ratio;
  }
  return undefined;
}
