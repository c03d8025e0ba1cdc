/** One contestant runs one story, once, on a fresh executor. */
import { setImmediate, setTimeout } from "node:timers/promises";
import { ParallelExecutor, type TelemetryEvents } from "../../../dist/index.js";
import { checksum, type PreparedStep } from "./story-call.js";
import { storyKernel } from "./story-kernels.js";
import type { Story } from "./story-types.js";
import type { Contestant } from "./warm.js";

export interface StepRun {
  /** Milliseconds of each call, or of each group of calls that were made at once. */
  readonly ms: readonly number[];
  /** What `checksum` says of each call's result. */
  readonly checksums: readonly number[];
  /** One per call, in the order in which they ended. */
  readonly executions: readonly Execution[];
}

interface Execution {
  readonly strategy: string;
  /** Predicted over actual milliseconds. */
  readonly prediction: number;
  /** What the plan rested on; `undefined` if it does not say. */
  readonly basis: string | undefined;
}

/** What plans of newer versions say of themselves. */
interface SaysBasis {
  readonly basis?: string;
  readonly plan?: { readonly basis?: string };
}

/** Watches the events of one executor. */
class Watch {
  readonly executions: Execution[] = [];
  readonly #bases = new Map<number, string | undefined>();

  readonly telemetry = (
    event: keyof TelemetryEvents,
    payload: TelemetryEvents[keyof TelemetryEvents],
  ): void => {
    if (event === "parallel_decision")
      this.#decided(payload as TelemetryEvents["parallel_decision"] & SaysBasis);
    if (event === "parallel_execution") this.#executed(payload as TelemetryEvents["parallel_execution"]);
  };

  #decided({ job, basis, plan }: TelemetryEvents["parallel_decision"] & SaysBasis): void {
    // A call that changes its strategy on the way decides again; what it set out with is what counts.
    if (!this.#bases.has(job)) this.#bases.set(job, plan?.basis ?? basis);
  }

  #executed({ job, strategy, predicted, actual }: TelemetryEvents["parallel_execution"]): void {
    const prediction = predicted.total / actual.total;
    this.executions.push({ strategy, prediction, basis: this.#bases.get(job) });
  }
}

/** @param id unique to the story, the contestant and the run: what tells kernels apart */
export async function runStory(
  story: Story,
  steps: readonly PreparedStep[],
  strategy: Contestant,
  workers: number,
  id: string,
): Promise<StepRun[]> {
  const watch = new Watch();
  const kernel = storyKernel(story.kernel, id);
  const executor = new ParallelExecutor({
    strategy,
    maxWorkers: workers,
    idleTimeout: 3_600_000,
    telemetry: watch.telemetry,
  });
  const isCold = story.cold === true;
  if (!isCold) await executor.start();
  const runs: StepRun[] = [];
  for (const step of steps) {
    const from = watch.executions.length;
    const { ms, checksums } = await runStep(step, executor, kernel);
    runs.push({ ms, checksums, executions: watch.executions.slice(from) });
  }
  await executor.shutdown();
  return runs;
}

async function runStep(
  prepared: PreparedStep,
  executor: ParallelExecutor,
  kernel: ReturnType<typeof storyKernel>,
): Promise<Omit<StepRun, "executions">> {
  const { times, pause = 0, together = 1, call: kind } = prepared.step;
  const ms: number[] = [];
  const results: unknown[] = [];
  for (let index = 0; index < times; index += 1) {
    const call = prepared.prepare(index);
    await (pause > 0 ? setTimeout(pause) : setImmediate());
    const started = performance.now();
    const calls = Array.from({ length: together }, () => call(executor, kernel));
    const received = await Promise.all(calls);
    ms.push(performance.now() - started);
    // Outputs are large and their memory is wanted back, so they don't wait for the end of the step.
    results.push(...(kind === "transform" ? received.map(checksum) : received));
  }
  return { ms, checksums: results.map(checksum) };
}
