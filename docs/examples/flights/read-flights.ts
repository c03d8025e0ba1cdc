/** Reads two columns of the parquet file straight into shared memory, one row group at a time. */

import { fileURLToPath } from "node:url";
import type { RowGroup } from "hyparquet";
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { ParallelExecutor } from "sharray";
import { startProgress } from "./progress.js";

/** `date`, `origin` and `destination` are in the file too: parquet stores by column, so they cost nothing unread. */
const COLUMNS = ["delay", "distance"] as const;

export interface Flights {
  /** Arrival delay in minutes, negative when early. */
  readonly delay: Int16Array<SharedArrayBuffer>;
  /** Miles between the airports. */
  readonly distance: Int16Array<SharedArrayBuffer>;
}

/**
 * The file declares both columns as nullable 64-bit integers. Its statistics show that neither has a null and that
 * the values fit 16 bits (delays -1116 to 1688, distances 21 to 4962), so an Int16Array holds them exactly, in a
 * quarter of the memory. `checkFits` reads those statistics before the first row, in case the file ever changes.
 */
export async function readFlights(executor: ParallelExecutor, rows: number): Promise<Flights> {
  // The package exports no path below `data`, but its entry point says where it is installed.
  const url = new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets"));
  const file = await asyncBufferFromFile(fileURLToPath(url));
  const metadata = await parquetMetadataAsync(file);
  if (metadata.num_rows < rows) {
    throw new RangeError(`Cannot read ${rows} rows: the file has ${metadata.num_rows}`);
  }

  const flights: Flights = {
    delay: executor.allocate(Int16Array, rows),
    distance: executor.allocate(Int16Array, rows),
  };
  const progress = startProgress("Reading flights", rows, "rows");
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    if (groupStart >= rows) break;
    checkFits(group);
    const groupEnd = groupStart + Number(group.num_rows);
    // One group at a time: what the parser holds besides the shared columns never exceeds one row group.
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: [...COLUMNS],
      rowStart: groupStart,
      rowEnd: Math.min(groupEnd, rows),
      onChunk({ columnName, columnData, rowStart }) {
        const column = flights[columnName as keyof Flights];
        // The parser decodes whole pages, which may reach past the last row that was asked for.
        const count = Math.min(columnData.length, rows - rowStart);
        for (let i = 0; i < count; i += 1) column[rowStart + i] = Number(columnData[i]);
      },
    });
    groupStart = groupEnd;
    progress.update(Math.min(groupEnd, rows));
  }
  progress.stop();
  return flights;
}

function checkFits(group: RowGroup): void {
  for (const name of COLUMNS) {
    const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name);
    const { min_value: low, max_value: high, null_count: nulls } = chunk?.meta_data?.statistics ?? {};
    const fits = typeof low === "bigint" && typeof high === "bigint" && low >= -32_768n && high <= 32_767n;
    if (!fits || nulls !== 0n) {
      throw new RangeError(
        `Column "${name}" must hold integers of 16 bits and no nulls: a row group has ${low} to ${high}, ${nulls} nulls`,
      );
    }
  }
}
