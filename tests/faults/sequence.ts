/** Runs one sequence in a process of its own: `sequence.js SEED SETTINGS`. Prints a report, and must end by itself. */
import { subscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ExecutorClosedError, ParallelExecutor } from "sharray";
import { openFolder } from "./board.js";
import { callKind } from "./calls.js";
import { Job, type World } from "./job.js";
import { judge } from "./judge.js";
import { Kept } from "./kept.js";
import { initializer } from "./kernels.js";
import { ROOM } from "./operations.js";
import { describeJob, type End, type JobPlan, plannedKinds, planSequence, SETTINGS } from "./plan.js";
import type { SequenceReport } from "./report.js";
import { Tally } from "./tally.js";
import { Workers } from "./workers.js";

globalThis.isCallersThread = true;
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const [, , seed, settings] = process.argv as [string, string, string, keyof typeof SETTINGS];
const plan = planSequence(Number(seed), SETTINGS[settings]);
const violations: string[] = [];
const tally = new Tally();
process.once("exit", openFolder());
if (plan.transitRoom !== undefined) process.env[ROOM] = String(plan.transitRoom);
const workers = new Workers(plan.workerFaults, tally);
if (plan.isTraced) subscribe("sharray:call_trace", () => {});
process.on("warning", (warning) => violations.push(`warned: ${warning.stack}`));

const world: World = {
  plan,
  executor: new ParallelExecutor({
    ...plan.options,
    ...(plan.hasInitializer ? { workerInitializer: initializer } : {}),
  }),
  workers,
  tally,
  kept: new Kept(),
  running: new Set(),
  jobs: [],
};
const { executor } = world;

/** Waits for what must come true; the bound is for failures only. */
async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) {
      violations.push(what);
      return;
    }
    await sleep(2);
  }
}

async function runJob(jobPlan: JobPlan, ofWave: AbortController): Promise<void> {
  const payload = callKind(jobPlan.call).payload(jobPlan);
  const job = new Job(jobPlan, world, ofWave);
  const ending = await job.run(payload);
  const wrong = judge(job, world, payload, ending);
  if (wrong !== undefined) violations.push(`${describeJob(jobPlan)}: ${wrong}`);
  job.settle(ending);
  if (jobPlan.signal === "own" && getEventListeners(job.signal, "abort").length > 0) {
    violations.push(`${describeJob(jobPlan)}: left a listener on its signal`);
  }
}

const SHUTDOWNS: Readonly<Record<End, () => void>> = {
  afterwards: () => {},
  meanwhile: () => void executor.shutdown(),
  "with a deadline": () => void executor.shutdown({ deadline: 5 }),
  "by disposal": () => void executor[Symbol.asyncDispose](),
};

for (const [i, { jobs, pause }] of plan.waves.entries()) {
  const ofWave = new AbortController();
  const running = jobs.map((job) => runJob(job, ofWave));
  if (i === plan.waves.length - 1) {
    await sleep(pause);
    SHUTDOWNS[plan.end]();
  }
  await Promise.all(running);
  if (getEventListeners(ofWave.signal, "abort").length > 0) violations.push("left a listener on a signal");
  await until("more workers than maxWorkers", () => workers.alive <= plan.options.maxWorkers);
  if (plan.collectsGarbage) collectGarbage();
  await sleep(pause);
}
await executor.shutdown();
const closed = await executor.map([0], () => 0).catch((error: unknown) => error);
if (!(closed instanceof ExecutorClosedError)) violations.push("took a call after its shutdown");
const isBlocked = world.jobs.some((job) =>
  job.struck().some(([{ kind }, times]) => kind === "overtime in a system call" && times > 0),
);
// A thread that a system call holds ends with the call.
if (isBlocked) await until("blocked workers stay after the shutdown", () => workers.alive === 0);
if (workers.alive > 0) violations.push(`${workers.alive} workers are alive after the shutdown`);
globalThis.isSequenceOver = true;
await until("memory is in use at the end", () => {
  collectGarbage();
  return executor.memory().bytesInUse === 0;
});
for (const what of world.kept.changed()) violations.push(`${what}: what it lent shows something else`);

for (const [{ kind }, times] of world.jobs.flatMap((job) => job.struck())) {
  if (times > 0) tally.add("faults", kind, times);
}
const { submitted, completed, failures, left, retries } = executor.metrics.snapshot();
if (submitted !== completed + failures + left) violations.push("metrics: a call is not in one of them");
const report: SequenceReport = {
  seed: plan.seed,
  jobs: world.jobs.length,
  planned: plannedKinds(plan),
  counts: tally.counts,
  retries,
  peakSharedBytes: executor.memory().bytesPeak,
  peakRss: 1024 * process.resourceUsage().maxRSS,
  handles: process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|FSReqPromise)$/.test(name)),
  violations,
};
console.log(JSON.stringify(report));
if (violations.length > 0) process.exitCode = 1;
