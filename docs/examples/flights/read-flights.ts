/** Reads two columns of the flights' parquet file straight into shared memory. */

import { fileURLToPath } from "node:url";
import { asyncBufferFromFile } from "hyparquet";
import type { ParallelExecutor } from "sharray";
import { decodeFlights } from "./decode.js";
import { startProgress } from "./progress.js";

export interface Flights {
  readonly delay: Int16Array<SharedArrayBuffer>;
  readonly distance: Int16Array<SharedArrayBuffer>;
}

export async function readFlights(executor: ParallelExecutor, rows: number): Promise<Flights> {
  // The package exports no path below `data`, but its entry point says where it is installed.
  const url = new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets"));
  const file = await asyncBufferFromFile(fileURLToPath(url));
  const flights: Flights = {
    delay: executor.allocate(Int16Array, rows),
    distance: executor.allocate(Int16Array, rows),
  };
  const progress = startProgress("Reading flights", rows, "rows");
  await decodeFlights(file, rows, flights, (read) => progress.update(read));
  progress.stop();
  return flights;
}
