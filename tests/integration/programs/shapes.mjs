/** Shapes of work, each with an answer that a plain loop gives: the same calls on any executor. */

const N = 1000;
const x = () => Float64Array.from({ length: N }, (_, i) => Math.sin(i) * 10);
const weights = Float32Array.of(0.25, 0.5, 0.125);
const sumOf = (a, b) => a + b;

async function streamed(stream) {
  const values = [];
  for await (const { index, value } of stream) values[index] = value;
  return values;
}

/** Each: the call, and what it must give. */
export const SHAPES = {
  sharedInMap: [
    (executor) =>
      executor.map([0, 1, 2], (i, { weights }, { shared }) => weights[i] + shared.offset, {
        shared: { weights, offset: 1 },
      }),
    () => [1.25, 1.5, 1.125],
  ],
  sharedInMapShared: [
    (executor) =>
      executor.mapShared(
        x(),
        (part, { shared: { table, offset }, start, args }) => part[0] * table[start % 3] + (offset + args),
        { shared: { table: weights, offset: 7 }, args: 3, chunkSize: 70 },
      ),
    () => Array.from({ length: 15 }, (_, i) => x()[i * 70] * weights[(i * 70) % 3] + 10),
  ],
  sharedOfAList: [
    (executor) =>
      executor.mapShared([x(), weights], (array, { shared }) => array.length + shared[0].length, {
        shared: [x()],
      }),
    () => [2000, 1003],
  ],
  sharedInTransform: [
    (executor) =>
      executor.transformShared(
        { x: x() },
        { y: Float64Array },
        ({ x }, { y }, { shared: { table } }) => {
          for (let i = 0; i < x.length; i += 1) y[i] = x[i] * table[2];
        },
        { shared: { table: weights } },
      ),
    () => ({ y: x().map((value) => value / 8) }),
  ],
  sharedInReduce: [
    (executor) =>
      executor.reduceShared(x(), (part, { shared }) => part.length * shared.by, sumOf, {
        shared: { by: 2 },
        chunkSize: 33,
      }),
    () => 2 * N,
  ],
  sharedInStream: [
    (executor) =>
      streamed(
        executor.streamShared(x(), (_part, { shared, index }) => shared.list[index], {
          shared: { list: [5, 6] },
          chunkSize: 500,
        }),
      ),
    () => [5, 6],
  ],
  nothingShared: [
    (executor) => executor.mapShared([x()], (_array, { shared }) => [shared, Object.isFrozen(shared)]),
    () => [[{}, true]],
  ],
};
