/**
 * `collectShared` in two passes. Tasks of the first write their rows into room for `capacity` rows each, and return how many there
 * are. Tasks of the second copy them into arrays of just their number. No row passes through a message.
 */
import type { TypedArray } from "../memory/dtypes.js";
import { planPlacement } from "../memory/placement.js";
import { workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { ArrayTable } from "../protocol/array-table.js";
import type { Backend } from "./backend.js";
import type { Request } from "./request.js";

/** @returns the rows of all tasks, dense and in order */
export function collect(backend: Backend, request: Request): Promise<readonly TypedArray[]> {
  return backend.runPasses(request, request.table, 2 * request.spec.tasks, async (run) => {
    const { values, outputs: rows } = await run(request);
    try {
      const { outputs } = await run(copyRequest(request, rows, startsOf(values as number[])));
      return outputs;
    } finally {
      const { arena } = backend;
      for (const { buffer, byteOffset, byteLength } of rows) {
        arena.release(buffer as SharedArrayBuffer, byteOffset, byteLength);
      }
    }
  });
}

/** Where the rows of each task begin, and behind them where they end. */
function startsOf(counts: readonly number[]): Float64Array {
  const starts = new Float64Array(counts.length + 1);
  for (const [i, count] of counts.entries()) starts[i + 1] = (starts[i] as number) + count;
  return starts;
}

/** The second pass. @param rows what the first one wrote */
function copyRequest(first: Request, rows: readonly TypedArray[], starts: Float64Array): Request {
  const { kernel, spec, outputs, options } = first;
  const { per, capacity } = spec;
  const total = starts[starts.length - 1] as number;
  const tasks = total === 0 ? 0 : spec.tasks;
  const table = new ArrayTable();
  const inputs = { names: null, arrays: rows.map((array) => table.add(array)) };
  const place = table.add(starts);
  const placement = planPlacement(table.arrays, table.sightings);
  const lengths = rows.map((_, i) => total * (per?.[i] ?? 1));
  const bytes = rows.reduce((sum, array, i) => sum + array.BYTES_PER_ELEMENT * (lengths[i] as number), 0);
  const { strategy, signal } = options;
  return {
    ...first,
    started: clock(),
    // No function of the user's runs.
    fn: undefined,
    spec: {
      ...spec,
      shape: "rows",
      tasks,
      length: tasks,
      chunkSize: 1,
      inputs,
      rowLength: undefined,
      before: undefined,
      after: undefined,
      capacity,
      starts: place,
      args: null,
      shared: null,
      captures: undefined,
    },
    table,
    placement,
    outputs: {
      names: null,
      arrays: rows.map((_, i) => ({
        kind: (outputs as NonNullable<Request["outputs"]>).arrays[i]?.kind as number,
        length: lengths[i] as number,
        own: undefined,
      })),
    },
    instances: total,
    arrayKinds: 0,
    // Kernels have numbers from 1 on, so this one is none of them.
    profileKey: 0,
    workShape: workShapeOf(tasks, Math.ceil(bytes / Math.max(1, tasks)), 0),
    options: { strategy, signal },
    sightings: undefined,
    guest: undefined,
    kernel,
  };
}
