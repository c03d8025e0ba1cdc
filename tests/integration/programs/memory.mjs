/** Goes through far more memory than it may keep. Sizes are in MiB. */
import { ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const MIB = 2 ** 20;
const rss = () => process.memoryUsage().rss / MIB;
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });

const ways = {
  /** Fresh plain arrays of 1 MB, placed by every call. */
  async inputs() {
    const samples = [];
    let regionsMax = 0;
    let wrong = 0;
    for (let i = 1; i <= 10_000; i += 1) {
      const array = new Float64Array(125_000);
      array[124_999] = i;
      const [value] = await executor.mapShared([array], (x) => x[0] + x[124_999]);
      if (value !== i) wrong += 1;
      regionsMax = Math.max(regionsMax, executor.memory().regions);
      if (i % 1000 === 0) samples.push(Math.round(rss()));
    }
    const { bytesPeak, bytesInUse } = executor.memory();
    tell({ wrong, samples, regionsMax, peak: bytesPeak / MIB, inUse: bytesInUse / MIB });
  },

  /** Outputs of 16 MiB, dropped at once. */
  async outputs() {
    const x = executor.share(new Float64Array(2 * MIB).fill(3));
    let most = 0;
    let wrong = 0;
    for (let i = 1; i <= 300; i += 1) {
      const out = await executor.transformShared(
        x,
        Float64Array,
        (x, out, { args }) => {
          out.fill(x[0] * args);
        },
        { args: i },
      );
      if (out[0] !== 3 * i || out[out.length - 1] !== 3 * i) wrong += 1;
      most = Math.max(most, rss());
    }
    const { regions, bytesPeak } = executor.memory();
    tell({ wrong, most: Math.round(most), regions, peak: bytesPeak / MIB });
  },

  /** Arrays that the program shares and drops. */
  async shared() {
    let most = 0;
    for (let i = 1; i <= 300; i += 1) {
      const shared = executor.share(new Float64Array(2 * MIB).fill(i));
      const [value] = await executor.mapShared([shared], (x) => x[x.length - 1]);
      if (value !== i) throw new Error(`Call ${i} gave ${value}`);
      most = Math.max(most, rss());
    }
    tell({ most: Math.round(most), peak: executor.memory().bytesPeak / MIB });
  },
};

await ways[process.argv[2]]();
