/**
 * How many cores are free for us just now. Other programs take some for minutes. Then sequential runs keep their speed while
 * threads gain nothing. So a cell's figures are only understood beside this one. Measured on bare worker threads, so that the
 * engine has no part in it.
 */
import { once } from "node:events";
import { cpus } from "node:os";
import { Worker } from "node:worker_threads";
import { spinKernel } from "./spin.js";
import { median } from "./statistics.js";

const SPIN_MS = 5;
const REPEATS = 3;

export class Cores {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  static async start(workers: number, spinCost: number): Promise<Cores> {
    const iterations = Math.round((SPIN_MS * 1e6) / spinCost);
    const source = `
      const { parentPort } = require("node:worker_threads");
      const spin = ${spinKernel(iterations)};
      parentPort.on("message", (seed) => parentPort.postMessage(spin(seed)));`;
    const cores = new Cores(Array.from({ length: workers }, () => new Worker(source, { eval: true })));
    // The first turns are for the compiler.
    for (let i = 0; i < REPEATS; i += 1) await time(cores.#workers);
    return cores;
  }

  /** Work done by all threads together over work done by one alone in the same time. */
  async measure(): Promise<number> {
    const figures: number[] = [];
    for (let i = 0; i < REPEATS; i += 1) {
      const alone = await time(this.#workers.slice(0, 1));
      figures.push((this.#workers.length * alone) / (await time(this.#workers)));
    }
    return median(figures);
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** Milliseconds that all programs have computed, over all cores. */
export function busyTime(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}

/** Milliseconds until each of them has spun once. */
async function time(workers: readonly Worker[]): Promise<number> {
  const started = performance.now();
  const answers = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage(1);
  await Promise.all(answers);
  return performance.now() - started;
}
