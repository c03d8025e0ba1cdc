/** How a column is cut into chunks: a function of its length alone, so that results never depend on the machine. */

// Enough chunks to keep the cores of a large machine evenly busy. Few enough that the cost of a chunk does not count.
const TARGET_CHUNKS = 128;
// 64 Ki elements (512 KiB of float64) fit the second-level cache of common CPUs. Larger chunks gain nothing.
const LARGEST_CHUNK = 65_536;

/** Rows per chunk of a column of `length` rows. At least 1. @param rowLength elements per row */
export function defaultChunkSize(length: number, rowLength = 1): number {
  return Math.max(1, Math.min(Math.ceil(length / TARGET_CHUNKS), Math.floor(LARGEST_CHUNK / rowLength)));
}

// Each chunk costs 0.2 to 0.5 µs in every pass (Node 20), and a pass may take a few microseconds in all.
const TARGET_PASS_CHUNKS = 64;
const LEAST_PASS_CHUNK = 2048;

/** The same for calls that go over the column again and again. */
export function defaultPassChunkSize(length: number, rowLength = 1): number {
  const least = Math.ceil(LEAST_PASS_CHUNK / rowLength);
  return Math.max(
    least,
    Math.min(Math.ceil(length / TARGET_PASS_CHUNKS), Math.floor(LARGEST_CHUNK / rowLength)),
  );
}

/** Number of chunks of `chunkSize` elements, the last one possibly shorter. 0 for an empty column. */
export function chunkCount(length: number, chunkSize: number): number {
  return Math.ceil(length / chunkSize);
}
