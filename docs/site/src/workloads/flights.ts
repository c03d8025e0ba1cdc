/** The flights: real columns, on shared memory for the engine and on plain memory for the workers that clone. */

import { asyncBufferFromUrl } from "hyparquet";
import type { ParallelExecutor } from "sharray";
import { decodeFlights } from "../../../examples/flights/decode.js";

/** Of the 3,000,000 in the file: the row groups that hold these are some 3 MB to download. */
export const ROWS = 1_000_000;

export interface Flights {
  readonly delay: Int16Array;
  readonly distance: Int16Array;
  readonly hour: Uint8Array;
}

/** Twice the same columns. */
export interface FlightData {
  readonly shared: Flights;
  readonly plain: Flights;
}

export async function readFlights(onRows: (rows: number) => void): Promise<Flights> {
  const url = new URL("../../../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url);
  const flights = {
    delay: new Int16Array(ROWS),
    distance: new Int16Array(ROWS),
    hour: new Uint8Array(ROWS),
  };
  await decodeFlights(await asyncBufferFromUrl({ url: url.href }), ROWS, flights, onRows);
  return flights;
}

/** The columns `times` times one after another. */
export function repeatFlights(executor: ParallelExecutor, flights: Flights, times: number): FlightData {
  const repeat = <A extends Int16Array | Uint8Array>(column: A, target: A): A => {
    for (let i = 0; i < times; i += 1) target.set(column, i * ROWS);
    return target;
  };
  const plain = {
    delay: repeat(flights.delay, new Int16Array(ROWS * times)),
    distance: repeat(flights.distance, new Int16Array(ROWS * times)),
    hour: repeat(flights.hour, new Uint8Array(ROWS * times)),
  };
  // A page that is not isolated has no shared memory.
  return { plain, shared: crossOriginIsolated ? executor.share(plain) : plain };
}
