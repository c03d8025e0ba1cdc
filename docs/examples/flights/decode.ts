/** Decodes columns of the flights' parquet file, one row group at a time, wherever the file is read from. */

import { decompress } from "fzstd";
import type { AsyncBuffer, RowGroup } from "hyparquet";
import { parquetMetadataAsync, parquetRead } from "hyparquet";

/** How columns are called in the file, and what each of their values becomes. */
const SOURCES = {
  /** Arrival delay in minutes, negative when early. */
  delay: { name: "delay", read: Number },
  /** Miles between the airports. */
  distance: { name: "distance", read: Number },
  /** Of the day, 0 to 23. */
  hour: { name: "date", read: (date: Date) => date.getUTCHours() },
} as const;

type Column = Int16Array | Uint8Array;
type Columns = { readonly [C in keyof typeof SOURCES]?: Column };

/**
 * Writes the first rows of the file into `columns`, which are as long as there are rows to read. Parquet stores by
 * column: what is not asked for costs nothing.
 *
 * The file declares delays and distances as nullable 64-bit integers. Its statistics show that neither has a null and
 * that the values fit 16 bits (delays -1116 to 1688, distances 21 to 4962), so an Int16Array holds them exactly, in a
 * quarter of the memory. `checkFits` reads those statistics before the first row, in case the file ever changes.
 */
export async function decodeFlights(
  file: AsyncBuffer,
  rows: number,
  columns: Columns,
  onRows: (rows: number) => void,
): Promise<void> {
  const metadata = await parquetMetadataAsync(file);
  if (metadata.num_rows < rows) {
    throw new RangeError(`Cannot read ${rows} rows: the file has ${metadata.num_rows}`);
  }
  const wanted = new Map(
    Object.entries(columns).map(([key, column]) => {
      const { name, read } = SOURCES[key as keyof Columns];
      return [name as string, { column, read: read as (value: unknown) => number }];
    }),
  );
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    if (groupStart >= rows) break;
    checkFits(group, wanted.keys());
    const groupEnd = groupStart + Number(group.num_rows);
    // One group at a time: what the parser holds besides the columns never exceeds one row group.
    await parquetRead({
      file,
      metadata,
      compressors: { ZSTD: (input) => decompress(input) },
      columns: [...wanted.keys()],
      rowStart: groupStart,
      rowEnd: Math.min(groupEnd, rows),
      onChunk({ columnName, columnData, rowStart }) {
        const { column, read } = wanted.get(columnName)!;
        // The parser decodes whole pages, which may reach past the last row that was asked for.
        const count = Math.min(columnData.length, rows - rowStart);
        for (let i = 0; i < count; i += 1) column[rowStart + i] = read(columnData[i]);
      },
    });
    groupStart = groupEnd;
    onRows(Math.min(groupEnd, rows));
  }
}

function checkFits(group: RowGroup, names: Iterable<string>): void {
  for (const name of names) {
    const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name);
    const { min_value: low, max_value: high, null_count: nulls } = chunk?.meta_data?.statistics ?? {};
    const isDate = low instanceof Date;
    const fits = typeof low === "bigint" && typeof high === "bigint" && low >= -32_768n && high <= 32_767n;
    if (!(isDate || fits) || nulls !== 0n) {
      throw new RangeError(
        `Column "${name}" must hold integers of 16 bits and no nulls: a row group has ${low} to ${high}, ${nulls} nulls`,
      );
    }
  }
}
