/** What nothing can beat, beside what the engine takes. */
import { ParallelExecutor } from "../../../dist/index.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { checked, clock, type Field } from "../harness/contestant.js";
import { race, rowsOf } from "../harness/race.js";
import { callOn, loop } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Scenario, scenarios } from "../scenarios/scenarios.js";
import { atomicsEcho, postMessageEcho } from "./echo.js";
import { NO_COMPILER, native } from "./native.js";

const MB = 2 ** 20;

const roundTrips: Cell = {
  name: "round trips",
  measure: async ({ pace }) => {
    const fields = [postMessageEcho(), atomicsEcho()];
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: WORKERS });
    const job = clock("sharray: job of two empty tasks", () => executor.map([0, 1], () => 0));
    const contestants = [...fields.flatMap((field) => field.contestants), job];
    const rows = rowsOf(await race(contestants, pace), "postMessage round trip");
    for (const { close } of fields) await close();
    return {
      tables: [{ title: "Round trips to a worker", reference: "postMessage round trip", rows }],
    };
  },
};

const copies: Cell = {
  name: "copies",
  measure: async ({ quick, pace }) => {
    const megabytes = quick ? 16 : 64;
    const source = Buffer.alloc(megabytes * MB, 1);
    const target = Buffer.from(new SharedArrayBuffer(source.length));
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: WORKERS });
    const contestants = [
      clock("memcpy", () => target.fill(source)),
      clock("TypedArray.set", () => target.set(source)),
      clock("structuredClone", () => structuredClone(source)),
      clock("sharray: call with an empty kernel", () => executor.mapShared([source], () => 0)),
    ];
    const rows = rowsOf(await race(contestants, pace), "memcpy");
    return { tables: [{ title: `Copying ${megabytes} MB`, reference: "memcpy", rows }] };
  },
};

const compute = scenarios
  .filter(({ call }) => call !== "mapShared")
  .map((scenario): Cell => ({ name: scenario.name, measure: (effort) => kernelLimits(scenario, effort) }));

export const cells: readonly Cell[] = [roundTrips, copies, ...compute];

/** One thread without the engine, the engine, and C if there is a program for it. */
async function kernelLimits(scenario: Scenario, { quick, pace }: Effort): Promise<Partial<Measured>> {
  const prepared = scenario.prepare(quick);
  const shared = { ...prepared, arrays: shareByHand(prepared.arrays) };
  const [chunk] = scenario.chunks;
  const expected = loop(scenario, shared, chunk);
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: WORKERS });
  const contestants = [
    clock("one thread, no engine", () => loop(scenario, shared, chunk)),
    checked(
      `sharray, ${WORKERS} workers`,
      () => callOn(executor, scenario, shared, chunk, "threads"),
      expected,
    ),
  ];
  const programs = await nativePrograms(scenario, shared.units, expected);
  contestants.push(...programs.flatMap((program) => program?.contestants ?? []));
  const rows = rowsOf(await race(contestants, pace), "one thread, no engine");
  for (const program of programs) await program?.close();
  return {
    tables: [{ title: `${scenario.name}: ${scenario.about}`, reference: "one thread, no engine", rows }],
    skipped: programs.includes(undefined) ? [NO_COMPILER] : [],
  };
}

async function nativePrograms(
  { kernel }: Scenario,
  units: number,
  result: unknown,
): Promise<(Field | undefined)[]> {
  if (kernel !== "sum" && kernel !== "blackScholes") return [];
  const total =
    typeof result === "number" ? result : (result as Float64Array).reduce((sum, price) => sum + price, 0);
  const name = kernel === "sum" ? "sum" : "black-scholes";
  return [await native(name, units, 1, total), await native(name, units, WORKERS, total)];
}
