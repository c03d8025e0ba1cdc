/** The workloads: which calls, how much payload, how many tasks, how expensive, where the payload is. Plain data. */

/** The call, and how its payload is cut. */
type Kind =
  /** `mapShared` over a list of arrays. */
  | "list"
  /** `mapShared` over two columns with a `chunkSize`. */
  | "chunks"
  /** `map` over numbers with a `shared` payload. */
  | "items"
  /** `reduceShared` over one array with a `chunkSize`. */
  | "reduce"
  /** `transformShared` from two columns to one with a `chunkSize`. */
  | "transform";

export interface Cell {
  /** Its place in the grid. */
  readonly id: number;
  readonly name: string;
  readonly kind: Kind;
  readonly bytes: number;
  readonly tasks: number;
  /** Nanoseconds of arithmetic per task, or one pass over the task's payload. */
  readonly cost: number | "pass";
  /** On shared memory already; otherwise threads must copy it there in every call. */
  readonly shared: boolean;
  /** Its first call in a fresh process is measured too. */
  readonly cold: boolean;
  /** Part of `--quick`. */
  readonly quick: boolean;
}

const KB = 1024;
const MB = KB * KB;
const US = 1e3;
const MS = 1e6;

type Place = "shared" | "plain";
type Row = readonly [bytes: number, tasks: number, cost: number | "pass", place: Place, also?: string];

const GRID: { readonly [K in Kind]: readonly Row[] } = {
  list: [
    [KB, 1, 10, "plain", "cold quick"],
    [KB, 1, 100 * US, "plain"],
    [KB, 2, 10 * MS, "plain", "cold quick"],
    [KB, 4, 100 * MS, "plain"],
    [KB, 8, MS, "shared", "quick"],
    [KB, 8, 100 * MS, "shared", "cold"],
    [64 * KB, 128, 10, "shared"],
    [64 * KB, 128, US, "plain", "quick"],
    [64 * KB, 128, 10 * US, "shared"],
    [64 * KB, 128, 100 * US, "plain", "cold quick"],
    [MB, 2, 100 * MS, "shared"],
    [MB, 1000, 10, "plain", "quick"],
    [MB, 1000, US, "shared", "quick"],
    [MB, 1000, 10 * US, "plain"],
    [MB, 1000, 100 * US, "shared", "cold"],
    [MB, 10_000, US, "plain"],
    [16 * MB, 32, 10 * MS, "shared", "cold"],
    [16 * MB, 128, 10, "shared"],
    [16 * MB, 128, 100 * US, "plain"],
    [64 * MB, 8, 10, "plain", "quick"],
    [64 * MB, 8, MS, "plain"],
    [64 * MB, 8, 10 * MS, "shared"],
    [256 * MB, 4, 100 * MS, "shared", "cold"],
    [256 * MB, 8, 10, "shared"],
    [256 * MB, 8, 10 * MS, "plain", "cold"],
  ],
  chunks: [
    [64 * KB, 1000, 10, "shared", "quick"],
    [64 * KB, 1000, US, "plain"],
    [MB, 10_000, 10, "plain"],
    [MB, 10_000, US, "shared", "quick"],
    [MB, 10_000, 10 * US, "shared", "cold"],
    [2 * MB, 100_000, 10, "shared", "quick"],
    [2 * MB, 100_000, US, "shared"],
    [16 * MB, 1000, 100 * US, "plain"],
    [16 * MB, 100_000, 10, "plain"],
    [16 * MB, 100_000, 10 * US, "shared", "cold"],
    [64 * MB, 1000, 10 * US, "plain"],
    [256 * MB, 100, MS, "plain"],
    [256 * MB, 128, "pass", "shared", "cold quick"],
    [256 * MB, 1000, 10 * US, "shared"],
  ],
  items: [
    [KB, 1, 10, "shared"],
    [KB, 16, 10 * MS, "shared", "cold"],
    [KB, 1000, 10, "shared", "quick"],
    [KB, 1000, 10 * US, "shared"],
    [KB, 10_000, US, "plain", "quick"],
    [KB, 100_000, 10, "plain"],
    [KB, 100_000, US, "shared"],
    [MB, 16, "pass", "shared"],
    [MB, 256, "pass", "plain", "cold quick"],
    [16 * MB, 8, "pass", "shared"],
    [16 * MB, 1000, 100 * US, "plain"],
    [64 * MB, 100, MS, "plain", "cold"],
    [64 * MB, 1000, US, "shared"],
    [256 * MB, 10, 10 * MS, "plain"],
    [256 * MB, 100, 10, "shared", "quick"],
  ],
  reduce: [
    [KB, 8, "pass", "shared", "quick"],
    [64 * KB, 128, "pass", "shared"],
    [MB, 128, "pass", "shared", "cold quick"],
    [MB, 128, "pass", "plain"],
    [16 * MB, 128, "pass", "shared", "quick"],
    [16 * MB, 128, "pass", "plain"],
    [64 * MB, 128, "pass", "shared", "cold"],
    [256 * MB, 512, "pass", "shared"],
    [256 * MB, 512, "pass", "plain"],
  ],
  transform: [
    [64 * KB, 128, "pass", "shared"],
    [64 * KB, 128, 10 * US, "shared"],
    [MB, 128, "pass", "shared", "quick"],
    [MB, 128, "pass", "plain"],
    [MB, 128, 100 * US, "plain", "quick"],
    [MB, 128, MS, "shared"],
    [16 * MB, 128, "pass", "shared", "cold"],
    [16 * MB, 128, "pass", "plain"],
    [16 * MB, 128, MS, "plain", "cold"],
    [64 * MB, 128, 5 * MS, "shared", "cold"],
    [64 * MB, 1000, "pass", "shared"],
  ],
};

export const cells: readonly Cell[] = Object.entries(GRID)
  .flatMap(([kind, rows]) => rows.map((row) => ({ kind: kind as Kind, row })))
  .map(({ kind, row: [bytes, tasks, cost, place, also = ""] }, id) => ({
    id,
    name: `${kind} ${size(bytes)} x ${tasks} ${costName(cost)} ${place}`,
    kind,
    bytes,
    tasks,
    cost,
    shared: place === "shared",
    cold: also.includes("cold"),
    quick: also.includes("quick"),
  }));

function size(bytes: number): string {
  return bytes >= MB ? `${bytes / MB} MB` : `${bytes / KB} KB`;
}

function costName(cost: Cell["cost"]): string {
  if (cost === "pass") return "one pass";
  if (cost >= MS) return `${cost / MS} ms`;
  return cost >= US ? `${cost / US} us` : `${cost} ns`;
}
