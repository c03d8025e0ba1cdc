/** The nearest vectors of some queries: rows of two columns by `mapInto`, and objects by `map`. */
import { ParallelExecutor } from "../../../dist/index.js";
import type { Effort, Measured } from "../harness/cell.js";
import { checked } from "../harness/contestant.js";
import { race, rowsOf } from "../harness/race.js";
import { summarise } from "../harness/statistics.js";
import { THREADS } from "./calls.js";
import { countResultBytes } from "./result-messages.js";

const VECTORS = 100_000;
const QUICK_VECTORS = 10_000;
const SIZE = 384;
const QUERIES = 64;
const K = 10;

/** As kernels see it. */
type Base = ArrayLike<number> & { subarray(start: number, end: number): ArrayLike<number> };

interface Neighbours {
  readonly id: Int32Array;
  readonly distance: Float32Array;
}

/** Query `query` is the vector of that number. Fills two rows of ten, nearest first. */
function nearest(query: number, base: Base, { id, distance }: Neighbours): void {
  const size = 384;
  const wanted = base.subarray(query * size, (query + 1) * size);
  const last = id.length - 1;
  distance.fill(Number.POSITIVE_INFINITY);
  for (let from = 0; from < base.length; from += size) {
    let squares = 0;
    for (let j = 0; j < size; j += 1) {
      const difference = (base[from + j] as number) - (wanted[j] as number);
      squares += difference * difference;
    }
    if (squares >= (distance[last] as number)) continue;
    let at = last;
    for (; at > 0 && (distance[at - 1] as number) > squares; at -= 1) {
      distance[at] = distance[at - 1] as number;
      id[at] = id[at - 1] as number;
    }
    distance[at] = squares;
    id[at] = from / size;
  }
}

export async function nearestNeighbours({ quick, pace }: Effort): Promise<Partial<Measured>> {
  const resultBytes = countResultBytes();
  const executor = new ParallelExecutor(THREADS);
  const base = executor.allocate(Float32Array, SIZE * (quick ? QUICK_VECTORS : VECTORS));
  for (let i = 0; i < base.length; i += 1) base[i] = ((i * 7919) % 1009) / 1009 + (i % 31) / 100;
  const queries = Array.from({ length: QUERIES }, (_, i) => i);
  const rows = { id: { type: Int32Array, per: K }, distance: { type: Float32Array, per: K } };
  const options = { shared: { base } };
  const byRows = async (): Promise<Neighbours> =>
    executor.mapInto(queries, rows, (query, { base }, found) => nearest(query, base, found), options);
  const byObjects = async (): Promise<Neighbours> => {
    const found = await executor.map(
      queries,
      (query, { base }) => {
        const found = { id: new Int32Array(10), distance: new Float32Array(10) };
        nearest(query, base, found);
        return found;
      },
      options,
    );
    const id = Int32Array.from(found.flatMap(({ id }) => [...id]));
    return { id, distance: Float32Array.from(found.flatMap(({ distance }) => [...distance])) };
  };
  const bytes: number[] = [];
  const counted = async (): Promise<Neighbours> => {
    const before = resultBytes();
    const found = await byRows();
    bytes.push(resultBytes() - before);
    return found;
  };
  const list = ({ id, distance }: Neighbours): unknown => [id, distance];
  const expected = list(await byRows());
  const before = resultBytes();
  await byObjects();
  const note = `objects by map: ${resultBytes() - before}`;
  const times = await race(
    [
      checked("mapInto", async () => list(await counted()), expected),
      checked("map", async () => list(await byObjects()), expected),
    ],
    pace,
  );
  await executor.shutdown();
  const what = `The ${K} nearest of ${base.length / SIZE} vectors of ${SIZE} numbers for ${QUERIES} queries`;
  return {
    tables: [{ title: what, reference: "mapInto", rows: rowsOf(times, "mapInto") }],
    bars: [
      {
        number: 21,
        what: `${what}, by mapInto: results in messages`,
        limit: 0,
        rule: "at most",
        unit: "bytes",
        figure: summarise(bytes),
        note,
      },
    ],
  };
}
