/** Shapes of work, each with an answer that a plain loop gives: the same calls on any executor. */

const N = 1000;
const x = () => Float64Array.from({ length: N }, (_, i) => Math.sin(i) * 10);
const weights = Float32Array.of(0.25, 0.5, 0.125);
/** 40 rows of 25 pixels. */
const image = () => Float32Array.from({ length: N }, (_, i) => (i * 7919) % 100);
const sumOf = (a, b) => a + b;

async function streamed(stream) {
  const values = [];
  for await (const { index, value } of stream) values[index] = value;
  return values;
}

/** What `context.rng` gives under seed 11: elements 0 to 2, draws 0 to 4. */
const RANDOM = [
  [0.8960479737629151, 0.7687946056899916, 0.7440074518424732, 0.5605690777325737, 0.6146012906143404],
  [0.35371463427663574, 0.6808892397906376, 0.09858845850482956, 0.14300742558864155, 0.48588972487307813],
  [0.3956061170188254, 0.36845893144163055, 0.46500776826351675, 0.8252755035718435, 0.7773656855649435],
];

/** The mean of a pixel's four neighbours. Those at the edge stay. */
function relax({ u }, next, { before, after }) {
  const width = 25;
  const rows = next.u.length / width;
  for (let row = before === 0 ? 1 : 0; row < rows - (after === 0 ? 1 : 0); row += 1) {
    for (let column = 1; column < width - 1; column += 1) {
      const i = (row + before) * width + column;
      next.u[row * width + column] = (u[i - 1] + u[i + 1] + u[i - width] + u[i + width]) / 4;
    }
  }
}

function relaxed(image, passes) {
  let [state, next] = [image, image.slice()];
  for (let pass = 0; pass < passes; pass += 1) {
    relax({ u: state }, { u: next }, { before: 0, after: 0 });
    [state, next] = [next, state];
  }
  return state;
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

  existingOutput: [
    async (executor) => {
      const y = executor.allocate(Float64Array, N);
      y[0] = 5;
      const out = await executor.transformShared({ x: x() }, { y, n: Int8Array }, ({ x }, { y, n }) => {
        // The first element stays as it was, as what it holds is the caller's.
        for (let i = 0; i < x.length; i += 1) if (x[i] !== 0) y[i] = x[i] / 3;
        n.fill(1);
      });
      return [out, out.y === y];
    },
    () => [{ y: x().map((value, i) => (i === 0 ? 5 : value / 3)), n: new Int8Array(N).fill(1) }, true],
  ],
  inPlace: [
    async (executor) => {
      const shared = executor.share(x());
      const out = await executor.transformShared(shared, shared, (x, out) => {
        for (let i = 0; i < x.length; i += 1) out[i] = 2 * x[i] + 1;
      });
      return [out, out === shared];
    },
    () => [x().map((value) => 2 * value + 1), true],
  ],
  inPlaceByAnotherView: [
    async (executor) => {
      const { a, b } = executor.share({ a: x(), b: x() });
      const bits = new BigInt64Array(a.buffer, a.byteOffset, a.length);
      await executor.transformShared({ a, b }, { bits }, ({ a }, { bits }) => {
        for (let i = 0; i < bits.length; i += 1) bits[i] = BigInt(Math.round(a[i]));
      });
      return [bits, b];
    },
    () => [BigInt64Array.from(x(), (value) => BigInt(Math.round(value))), x()],
  ],
  severalPerRow: [
    (executor) =>
      executor.transformShared(
        { x: x() },
        { pixels: { type: Uint8ClampedArray, per: 4 }, mean: { type: Float32Array, per: 1 } },
        ({ x }, { pixels, mean }, { start }) => {
          for (let i = 0; i < x.length; i += 1) {
            pixels.set([x[i] * 100, start + i, 7], 4 * i);
            mean[i] = x[i] / 2;
          }
        },
        { chunkSize: 77 },
      ),
    () => ({
      pixels: Uint8ClampedArray.from([...x()].flatMap((value, i) => [value * 100, i, 7, 0])),
      mean: Float32Array.from(x(), (value) => value / 2),
    }),
  ],
  oneOutputOfSeveralPerRow: [
    (executor) =>
      executor.transformShared(
        x(),
        { type: Int16Array, per: 2 },
        (x, out) => {
          for (let i = 0; i < x.length; i += 1) out[2 * i + 1] = x[i];
        },
        { chunkSize: 99 },
      ),
    () => Int16Array.from([...x()].flatMap((value) => [0, value])),
  ],
  outputsNamedTypeAndPer: [
    (executor) =>
      executor.transformShared(x(), { type: Int16Array, per: Int8Array }, (_x, { type, per }) => {
        type.fill(1);
        per.fill(2);
      }),
    () => ({ type: new Int16Array(N).fill(1), per: new Int8Array(N).fill(2) }),
  ],
  partialsFromNothing: [
    async (executor) => [
      await executor.mapShared(10, (view, { start, end }) => [view, start, end], { chunkSize: 4 }),
      await executor.reduceShared(N, (_, { start, end }) => (end - start) * start, sumOf, { chunkSize: 7 }),
      await streamed(executor.streamShared(10, (_, { index }) => index, { chunkSize: 4 })),
      await executor.mapShared(0, () => 1),
    ],
    () => [
      [
        [undefined, 0, 4],
        [undefined, 4, 8],
        [undefined, 8, 10],
      ],
      Array.from({ length: N }, (_, i) => i - (i % 7)).reduce(sumOf),
      [0, 1, 2],
      [],
    ],
  ],
  fromNothing: [
    (executor) =>
      executor.transformShared(
        600,
        { pixels: { type: Uint8ClampedArray, per: 4 }, row: Int32Array },
        (none, { pixels, row }, { start, end }) => {
          for (let i = start; i < end; i += 1) {
            pixels[4 * (i - start) + 2] = none === undefined ? i : 0;
            row[i - start] = end - start;
          }
        },
        { chunkSize: 250 },
      ),
    () => ({
      pixels: Uint8ClampedArray.from(Array.from({ length: 600 }, (_, i) => [0, 0, i, 0]).flat()),
      row: Int32Array.from({ length: 600 }, (_, i) => (i < 500 ? 250 : 100)),
    }),
  ],
  noRowsFromNothing: [
    (executor) => executor.transformShared(0, { type: Int8Array, per: 3 }, () => {}),
    () => new Int8Array(0),
  ],
  intoARasterOfTheCaller: [
    async (executor) => {
      const raster = executor.allocate(Uint16Array, 64 * 40);
      await executor.transformShared(
        40,
        { raster },
        (_, { raster }, { start }) => {
          for (let i = 0; i < raster.length; i += 1) raster[i] = start * 64 + i;
        },
        { chunkSize: 3 },
      );
      return raster;
    },
    () => Uint16Array.from({ length: 64 * 40 }, (_, i) => i),
  ],
  mapInto: [
    (executor) =>
      executor.mapInto(
        Array.from({ length: 50 }, (_, i) => ({ at: i * 3, by: i / 7 })),
        { nearest: { type: Int32Array, per: 3 }, distance: Float32Array },
        ({ at, by }, { base }, { nearest, distance }, { index, args, start, end }) => {
          nearest.set([at, index, end - start]);
          distance[0] = base[at] * by + args;
        },
        { shared: { base: x() }, args: 0.5 },
      ),
    () => ({
      nearest: Int32Array.from(Array.from({ length: 50 }, (_, i) => [i * 3, i, 1]).flat()),
      distance: Float32Array.from({ length: 50 }, (_, i) => x()[i * 3] * (i / 7) + 0.5),
    }),
  ],
  mapIntoOne: [
    (executor) =>
      executor.mapInto([5, 6, 7], Float64Array, async (item, _shared, out) => {
        out[0] = item / 2;
      }),
    () => Float64Array.of(2.5, 3, 3.5),
  ],
  mapIntoAnArrayOfTheCaller: [
    async (executor) => {
      const table = executor.share(Float64Array.from({ length: 6 }, () => 9));
      const out = await executor.mapInto(new Set([1, 2, 3]), table, (item, _, row) => {
        row[1] = item;
      });
      return [out === table, table];
    },
    () => [true, Float64Array.of(9, 1, 9, 2, 9, 3)],
  ],
  mapIntoNothing: [
    (executor) => executor.mapInto([], { type: Int8Array, per: 2 }, () => {}),
    () => new Int8Array(0),
  ],

  haloInTransform: [
    (executor) =>
      executor.transformShared(
        { x: x() },
        { mean: Float64Array },
        ({ x }, { mean }, { before, after }) => {
          for (let i = 0; i < mean.length; i += 1) {
            let sum = 0;
            const from = Math.max(0, before + i - 20);
            for (let k = from; k <= before + i; k += 1) sum += x[k];
            mean[i] = sum + (before + mean.length + after - x.length);
          }
        },
        { halo: { before: 20 }, chunkSize: 7 },
      ),
    () => {
      const all = x();
      return {
        mean: all.map((_, i) => all.slice(Math.max(0, i - 20), i + 1).reduce((sum, each) => sum + each, 0)),
      };
    },
  ],
  haloInMapAndReduceAndStream: [
    async (executor) => {
      const seen = (part, { start, end, before, after }) => [start, end, before, after, part.length, part[0]];
      const options = { halo: { before: 300, after: 1 }, chunkSize: 400 };
      return [
        await executor.mapShared(x(), seen, options),
        await streamed(executor.streamShared(x(), seen, options)),
        await executor.reduceShared(x(), (part) => part.length, sumOf, { halo: 3, chunkSize: 500 }),
      ];
    },
    () => {
      const seen = [
        [0, 400, 0, 1, 401, x()[0]],
        [400, 800, 300, 1, 701, x()[100]],
        [800, 1000, 300, 0, 500, x()[500]],
      ];
      return [seen, seen, 1006];
    },
  ],
  rowsOfAnImage: [
    (executor) =>
      executor.transformShared(
        image(),
        Float32Array,
        (rows, out, { before, after, start, end, args: width }) => {
          const height = end - start;
          for (let y = 0; y < height; y += 1) {
            for (let i = 0; i < width; i += 1) {
              let sum = 0;
              for (let dy = -2; dy <= 2; dy += 1) {
                const at = y + dy + before;
                if (at >= 0 && at < before + height + after) sum += rows[at * width + i];
              }
              out[y * width + i] = sum;
            }
          }
        },
        { rowLength: 25, halo: 2, chunkSize: 3, args: 25 },
      ),
    () =>
      image().map((_, i) => {
        let sum = 0;
        for (let dy = -2; dy <= 2; dy += 1) sum += image()[i + 25 * dy] ?? 0;
        return sum;
      }),
  ],
  oneValuePerRow: [
    async (executor) => {
      const shared = executor.share({ a: image(), b: image() });
      const out = await executor.transformShared(
        shared,
        { sum: { type: Float64Array, per: 1 }, a: shared.a, twice: Int16Array },
        ({ a, b }, out, { start, end }) => {
          for (let row = 0; row < end - start; row += 1) out.sum[row] = b[25 * row] + start + row;
          for (let i = 0; i < a.length; i += 1) out.twice[i] = 2 * a[i];
          out.a.fill(start);
        },
        { rowLength: 25 },
      );
      return out;
    },
    () => ({
      sum: Float64Array.from({ length: 40 }, (_, row) => image()[25 * row] + row),
      a: Float32Array.from({ length: 1000 }, (_, i) => Math.floor(i / 25)),
      twice: Int16Array.from(image(), (value) => 2 * value),
    }),
  ],

  collected: [
    (executor) =>
      executor.collectShared(
        { x: x() },
        { value: Float64Array, at: Int32Array },
        ({ x }, { value, at }, { start, args: least }) => {
          let count = 0;
          for (let i = 0; i < x.length; i += 1) {
            if (x[i] < least) continue;
            value[count] = x[i];
            at[count] = start + i;
            count += 1;
          }
          return count;
        },
        { args: 9, chunkSize: 64 },
      ),
    () => {
      const at = Int32Array.from([...x().keys()].filter((i) => x()[i] >= 9));
      return { value: Float64Array.from(at, (i) => x()[i]), at };
    },
  ],
  collectedAgainInUsedMemory: [
    async (executor) => {
      const odd = (x, out) => {
        let count = 0;
        for (const value of x) if (value % 2 === 1) out[count++] = value;
        return count;
      };
      const found = [];
      for (let i = 0; i < 3; i += 1) {
        const all = Uint16Array.from({ length: 5000 + i }, (_, k) => k);
        const out = await executor.collectShared(all, Uint16Array, odd);
        found.push([out.length, out[0], out.at(-1)]);
        executor.release(out);
      }
      return found;
    },
    () => [
      [2500, 1, 4999],
      [2500, 1, 4999],
      [2501, 1, 5001],
    ],
  ],
  collectedRowsOfSeveral: [
    (executor) =>
      executor.collectShared(
        100,
        { pair: { type: Int16Array, per: 2 }, n: BigInt64Array },
        async (_, { pair, n }, { start, end }) => {
          let count = 0;
          for (let i = start; i < end; i += 1) {
            for (let k = 0; k < i % 4; k += 1) {
              pair.set([i, k], 2 * count);
              n[count] = BigInt(i * k);
              count += 1;
            }
          }
          return count;
        },
        { chunkSize: 9, capacity: 27 },
      ),
    () => {
      const pairs = Array.from({ length: 100 }, (_, i) =>
        Array.from({ length: i % 4 }, (_, k) => [i, k]),
      ).flat();
      return { pair: Int16Array.from(pairs.flat()), n: BigInt64Array.from(pairs, ([i, k]) => BigInt(i * k)) };
    },
  ],
  nothingCollected: [
    (executor) => executor.collectShared(x(), { y: Float32Array }, () => 0, { halo: 1 }),
    () => ({ y: new Float32Array(0) }),
  ],
  nothingToCollect: [
    (executor) => executor.collectShared(new Float64Array(0), Float32Array, () => 1),
    () => new Float32Array(0),
  ],

  tilesIntoARaster: [
    async (executor) => {
      const raster = executor.allocate(Uint16Array, 60 * 40);
      const tiles = [];
      for (let y = 0; y < 40; y += 8) for (let left = 0; left < 60; left += 15) tiles.push({ left, y });
      const done = await executor.map(
        tiles,
        ({ left, y }, { raster, scale }, { index }) => {
          for (let row = y; row < y + 8; row += 1) {
            for (let i = left; i < left + 15; i += 1) raster[row * 60 + i] = scale[0] * (row * 60 + i);
          }
          return index;
        },
        { writable: { raster }, shared: { scale: Float32Array.of(2) } },
      );
      return [done.length, raster];
    },
    () => [20, Uint16Array.from({ length: 2400 }, (_, i) => 2 * i)],
  ],
  histogramInWritable: [
    async (executor) => {
      const bins = executor.allocate(Int32Array, 21);
      const sum = await executor.reduceShared(
        x(),
        (part, { shared: { bins } }) => {
          for (const value of part) Atomics.add(bins, Math.round(value) + 10, 1);
          return part.length;
        },
        sumOf,
        { writable: { bins }, chunkSize: 13 },
      );
      return [sum, bins];
    },
    () => {
      const bins = new Int32Array(21);
      for (const value of x()) bins[Math.round(value) + 10] += 1;
      return [N, bins];
    },
  ],
  writableInOthers: [
    async (executor) => {
      const { seen, counts } = executor.share({ seen: new Uint8Array(40), counts: new Int32Array(40) });
      const bytes = new Uint8Array(counts.buffer, counts.byteOffset, counts.byteLength);
      await executor.mapInto(
        [3, 4],
        Int8Array,
        (item, { seen }) => {
          seen[item] = 1;
        },
        { writable: { seen, bytes, counts } },
      );
      const options = { writable: { seen }, chunkSize: 100 };
      await executor.transformShared(
        10,
        Int8Array,
        (_, out, { shared, start }) => {
          shared.seen[start + 10] = out.length;
        },
        options,
      );
      await executor.collectShared(
        10,
        Int8Array,
        (_, _out, { shared }) => {
          shared.seen[20] = 7;
          return 0;
        },
        options,
      );
      await streamed(
        executor.streamShared(
          [x()],
          (_, { shared }) => {
            shared.seen[30] = 9;
          },
          { writable: { seen } },
        ),
      );
      return [...seen.keys()].filter((i) => seen[i] > 0).map((i) => [i, seen[i]]);
    },
    () => [
      [3, 1],
      [4, 1],
      [10, 10],
      [20, 7],
      [30, 9],
    ],
  ],

  streamInOrder: [
    async (executor) => {
      const seen = [];
      const slow = (part, { index }) => {
        // Every third task is late, the first one most of all.
        let spent = 0;
        for (let i = 0; i < (index === 0 ? 2e6 : index % 3 === 0 ? 2e5 : 10); i += 1) spent += i % 3;
        return spent < 0 ? 0 : part[0];
      };
      for await (const { index, value } of executor.streamShared(x(), slow, {
        ordered: true,
        chunkSize: 10,
      })) {
        seen.push(index, value);
      }
      return seen;
    },
    () => Array.from({ length: 100 }, (_, i) => [i, x()[10 * i]]).flat(),
  ],
  streamInOrderUntilAFailure: [
    async (executor) => {
      const seen = [];
      const failing = (_, { index }) => {
        if (index === 7) throw new RangeError("seven");
        return index;
      };
      try {
        for await (const { index } of executor.streamShared(x(), failing, { ordered: true, chunkSize: 50 })) {
          seen.push(index);
        }
      } catch (error) {
        seen.push(error.name, error.index);
      }
      return seen;
    },
    () => [0, 1, 2, 3, 4, 5, 6, "KernelError", 7],
  ],
  sourceOfArrays: [
    async (executor) => {
      async function* source() {
        // One array for all: what was given before must be copied by the time that it is asked for the next one.
        const array = new Float64Array(50);
        for (let i = 0; i < 60; i += 1) yield array.fill(i).subarray(0, 1 + (i % 50));
      }
      const sum = (array, { index, start, end, args }) =>
        array.reduce((a, b) => a + b, 0) + args.by * (index + start + end);
      return streamed(executor.streamShared(source(), sum, { args: { by: 1000 } }));
    },
    () => Array.from({ length: 60 }, (_, i) => i * (1 + (i % 50)) + 1000 * (i + 1 + (i % 50))),
  ],
  sourceOfColumnsInOrder: [
    async (executor) => {
      const seen = [];
      function* source() {
        for (let i = 0; i < 40; i += 1) yield { y: Float32Array.of(i, 2 * i), id: Int16Array.of(7, i) };
      }
      const slow = ({ y, id }, { index }) => {
        let spent = 0;
        for (let k = 0; k < (index % 8 === 0 ? 1e6 : 1); k += 1) spent += k % 3;
        return spent < 0 ? 0 : y[1] * id[0] + id[1];
      };
      for await (const { index, value } of executor.streamShared(source(), slow, { ordered: true })) {
        seen.push([index, value]);
      }
      return seen;
    },
    () => Array.from({ length: 40 }, (_, i) => [i, 15 * i]),
  ],
  sourceOfListsAndAllElse: [
    async (executor) => {
      const x = Float64Array.of(1, 2, 3, 4);
      const source = new Set([
        [x.subarray(0, 1), Uint8Array.of(5, 6)],
        [],
        executor.share(x),
        { x },
        [{ x: x.subarray(1) }, { x: Int8Array.of(9) }],
        [x, x],
        { y: x, x: Float32Array.of(0, 0, 0, 0) },
        Promise.resolve(BigInt64Array.of(1n, 2n)),
        new Uint16Array(0),
      ]);
      const tell = (view, { index, start, end }) => [
        index,
        start,
        end,
        ArrayBuffer.isView(view) ? [view.constructor.name, ...view].join() : Object.keys(view).join(),
      ];
      return streamed(executor.streamShared(source, tell));
    },
    () => [
      [0, 0, 1, "Float64Array,1"],
      [1, 0, 2, "Uint8Array,5,6"],
      [2, 0, 4, "Float64Array,1,2,3,4"],
      [3, 0, 4, "x"],
      [4, 0, 3, "x"],
      [5, 0, 1, "x"],
      [6, 0, 4, "Float64Array,1,2,3,4"],
      [7, 0, 4, "Float64Array,1,2,3,4"],
      [8, 0, 4, "y,x"],
      [9, 0, 2, "BigInt64Array,1,2"],
      [10, 0, 0, "Uint16Array"],
    ],
  ],
  sourceWithASharedPayload: [
    async (executor) => {
      const table = Float64Array.from({ length: 10_000 }, (_, i) => i / 2);
      const source = Array.from({ length: 30 }, (_, i) => Uint16Array.of(i, 9000 + i)).values();
      const look = (ids, { shared: { table }, index, rng }) =>
        table[ids[0]] + table[ids[1]] + Math.floor(10 * rng(index));
      const values = await streamed(executor.streamShared(source, look, { shared: { table }, seed: 3 }));
      const draws = await executor.map(values, (_v, _s, { index, rng }) => Math.floor(10 * rng(index)), {
        seed: 3,
      });
      return values.map((value, i) => value - draws[i]);
    },
    () => Array.from({ length: 30 }, (_, i) => i / 2 + (9000 + i) / 2),
  ],
  writableInASource: [
    async (executor) => {
      const counts = executor.allocate(Int32Array, 10);
      const source = Array.from({ length: 30 }, (_, i) => Uint16Array.of(i)).values();
      const count = ([i], { shared: { counts } }) => Atomics.add(counts, i % 10, 1);
      await streamed(executor.streamShared(source, count, { writable: { counts } }));
      return [...counts];
    },
    () => Array(10).fill(3),
  ],
  sourceOfNothing: [async (executor) => streamed(executor.streamShared([].values(), () => 1)), () => []],
  sourceThatFails: [
    async (executor) => {
      const seen = [];
      const error = new RangeError("the file ends here");
      async function* source() {
        for (let i = 0; i < 13; i += 1) yield Float32Array.of(i);
        throw error;
      }
      try {
        for await (const { value } of executor.streamShared(source(), (x) => x[0], { ordered: true })) {
          seen.push(value);
        }
      } catch (thrown) {
        seen.push(thrown === error);
      }
      return seen;
    },
    () => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, true],
  ],
  sourceWhoseKernelFails: [
    async (executor) => {
      const seen = [];
      let ended = 0;
      function* source() {
        try {
          for (let i = 0; i < 1000; i += 1) yield Float32Array.of(i, i);
        } finally {
          ended += 1;
        }
      }
      const failing = (x, { index }) => {
        if (index === 17 || index === 19) throw new RangeError(`${x[0]}`);
        return index;
      };
      try {
        for await (const { value } of executor.streamShared(source(), failing, { ordered: true }))
          seen.push(value);
      } catch (error) {
        const { name, index, start, end, cause } = error;
        seen.push(name, index, start, end, cause.message, error.partial.values.size, ended);
        // The source's memory has been used again by now, except for what the task read.
        for await (const _ of executor.streamShared(
          Array(50).fill(Float32Array.of(-1, -1)).values(),
          (x) => x[0],
        ));
        seen.push(await executor.replay(error).catch((again) => again.message));
      }
      return seen;
    },
    () => [...Array(17).keys(), "KernelError", 17, 0, 2, "17", 0, 1, "17"],
  ],
  iterateRows: [
    (executor) =>
      executor.iterateShared({ u: image() }, relax, { passes: 7, halo: 1, rowLength: 25, chunkSize: 3 }),
    () => ({ u: relaxed(image(), 7) }),
  ],
  iterateByCut: [
    async (executor) => {
      const sums = [];
      for (const chunkSize of [1, 7, 40, 100, undefined]) {
        const options = { passes: 12, halo: { before: 1, after: 1 }, rowLength: 25, chunkSize };
        sums.push((await executor.iterateShared({ u: image() }, relax, options)).u.reduce(sumOf));
      }
      return new Set(sums).size;
    },
    () => 1,
  ],
  iterateKinds: [
    (executor) =>
      executor.iterateShared(
        { x: x(), n: new Int32Array(N), b: new BigInt64Array(N), c: new Uint8ClampedArray(N).fill(250) },
        (state, next) => {
          for (let i = 0; i < state.x.length; i += 1) {
            next.x[i] = state.x[i] / 3 + state.n[i];
            next.n[i] = state.n[i] + i;
            next.b[i] = state.b[i] * 3n + 1n;
            next.c[i] = state.c[i] + 1;
          }
        },
        { passes: 8, chunkSize: 99 },
      ),
    () => {
      const at = (i) => i % 99;
      const values = x();
      for (let pass = 0; pass < 8; pass += 1) {
        for (let i = 0; i < N; i += 1) values[i] = values[i] / 3 + pass * at(i);
      }
      return {
        x: values,
        n: Int32Array.from({ length: N }, (_, i) => 8 * at(i)),
        b: new BigInt64Array(N).fill(3280n),
        c: new Uint8ClampedArray(N).fill(255),
      };
    },
  ],
  iterateOnce: [
    (executor) =>
      executor.iterateShared(x(), (state, next) => next.set(state.map(Math.fround)), {
        passes: 1,
        chunkSize: 64,
      }),
    () => x().map(Math.fround),
  ],
  iterateNever: [
    (executor) =>
      executor.iterateShared({ a: x(), w: x().reverse() }, (_state, next) => next.a.fill(1), {
        passes: 0,
        chunkSize: 64,
      }),
    () => ({ a: x(), w: x().reverse() }),
  ],
  iterateOverNothing: [
    (executor) => executor.iterateShared(new Int16Array(0), () => {}, { passes: 3 }),
    () => new Int16Array(0),
  ],
  iterateOverShared: [
    async (executor) => {
      const state = executor.share({ u: image() });
      const { u } = await executor.iterateShared(state, relax, { passes: 2, halo: 1, rowLength: 25 });
      return [u === state.u, [...state.u], [...u]];
    },
    () => [false, [...image()], [...relaxed(image(), 2)]],
  ],
  iterateUntilTolerance: [
    async (executor) => {
      let told;
      const result = await executor.iterateShared(
        Float64Array.from({ length: 100 }, (_, i) => i),
        (state, next) => {
          let residual = 0;
          for (let i = 0; i < state.length; i += 1) {
            next[i] = state[i] / 2;
            residual = Math.max(residual, state[i] - next[i]);
          }
          return residual;
        },
        { passes: 1000, tolerance: 1, chunkSize: 9, onProgress: (progress) => (told = progress) },
      );
      return [told.completed, told.total, ...result];
    },
    // The residual of pass k is 99 / 2^(k + 1): that of the seventh is the first that is at most 1.
    () => [7, 1000, ...Array.from({ length: 100 }, (_, i) => i / 128)],
  ],
  iterateWithinToleranceAtOnce: [
    (executor) =>
      executor.iterateShared(x(), (state, next) => next.set(state) ?? 0, { passes: 9, tolerance: 0 }),
    () => x(),
  ],
  iterateWithoutANumber: [
    async (executor) => {
      let told;
      await executor.iterateShared(x(), (_state, _next, { index }) => (index === 1 ? NaN : 0), {
        passes: 5,
        tolerance: Infinity,
        chunkSize: 300,
        onProgress: ({ completed }) => (told = completed),
      });
      return told;
    },
    () => 5,
  ],
  iterateWithAll: [
    (executor) => {
      const captured = { by: 2 };
      return executor.iterateShared(
        { u: new Float64Array(60) },
        ({ u }, next, { pass, start, args, shared, rng, scratch }) => {
          const work = scratch(Float64Array, u.length);
          for (let i = 0; i < u.length; i += 1) work[i] = rng((start + i) % 3, pass) + shared.weights[args];
          for (let i = 0; i < u.length; i += 1) next.u[i] = u[i] * captured.by + work[i] + pass;
        },
        { passes: 5, args: 1, shared: { weights }, seed: 11, chunkSize: 7 },
      );
    },
    () => {
      const u = new Float64Array(60);
      for (let pass = 0; pass < 5; pass += 1) {
        for (let i = 0; i < 60; i += 1) u[i] = u[i] * 2 + (RANDOM[i % 3][pass] + 0.5) + pass;
      }
      return { u };
    },
  ],
  iterateAsync: [
    (executor) =>
      executor.iterateShared(
        x(),
        async (state, next, { pass }) => {
          await undefined;
          for (let i = 0; i < state.length; i += 1) next[i] = state[i] + pass;
          return 1;
        },
        { passes: 4, tolerance: 0.5, chunkSize: 130 },
      ),
    () => x().map((value) => value + 0 + 1 + 2 + 3),
  ],
};
