/** Loops that go through far more memory than they may keep. Sizes are in MiB; tells how far resident memory rose. */
import { ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const MIB = 2 ** 20;
const rss = () => process.memoryUsage.rss() / MIB;

/** The same numbers each time. */
function* random() {
  for (let state = 7; ; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state / 2147483648;
  }
}

/** @param limit in MiB @param more other options */
function executorOf(limit, more = {}) {
  return new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: limit * MIB, ...more });
}

const first = (x) => x[0];

const loops = {
  /** Plain arrays that no region serves one after the other. */
  async alternate(executor) {
    const [large, small] = [new Uint8Array(84 * MIB).fill(1), new Uint8Array(36 * MIB).fill(2)];
    return async (i) => (await executor.mapShared([i % 2 === 0 ? large : small], first))[0] === 1 + (i % 2);
  },
  /** Plain arrays of random sizes. */
  async random(executor) {
    const plain = new Uint8Array(112 * MIB).fill(1);
    const sizes = random();
    return async () => {
      const part = plain.subarray(0, 1 + Math.floor(sizes.next().value * 110 * MIB));
      return (await executor.mapShared([part], first))[0] === 1;
    };
  },
  /** The same, to a kernel that might leave work behind. */
  async lingering(executor) {
    const plain = new Uint8Array(30 * MIB).fill(1);
    const sizes = random();
    return async () => {
      const part = plain.subarray(0, 1 + Math.floor(sizes.next().value * 30 * MIB));
      return (await executor.mapShared([part], async (x) => x[0]))[0] === 1;
    };
  },
  /** Outputs, of which two are alive at a time. */
  async chain(executor) {
    let x = executor.share(new Uint8Array(16 * MIB));
    return async (i) => {
      x = await executor.transformShared(x, Uint8Array, (x, out) => {
        out[0] = x[0] + 1;
      });
      return x[0] === (i + 1) % 256;
    };
  },
  /** Arrays that the program shares and drops. */
  async shared(executor) {
    const plain = new Uint8Array(30 * MIB).fill(1);
    return async () => (await executor.mapShared([executor.share(plain)], first))[0] === 1;
  },
  /** Memory that the program made itself. */
  async foreign(executor) {
    return async (i) => {
      const x = new Uint8Array(new SharedArrayBuffer(16 * MIB)).fill(i);
      // V8 does not collect for shared memory.
      if (i % 8 === 0) gc();
      return (await executor.mapShared([x], first))[0] === i % 256;
    };
  },
};

const [name, limit, calls, busy] = process.argv.slice(2);
const executor = executorOf(Number(limit));
await executor.start();
const call = await loops[name](executor);
await call(0);
let isOver = false;
// Keeps both workers busy beside the loop.
const beside = (async () => {
  while (busy === "busy" && !isOver) {
    await executor.map([1, 2, 3, 4], (n) => {
      let x = n;
      for (let i = 0; i < 1e6; i++) x += i;
      return x;
    });
  }
})();
const before = rss();
let wrong = 0;
let most = 0;
for (let i = 1; i <= Number(calls); i++) {
  if (!(await call(i))) wrong += 1;
  most = Math.max(most, rss() - before);
}
isOver = true;
await beside;
const { bytesPeak } = executor.memory();
await executor.shutdown();
tell({ wrong, most: Math.round(most), peak: bytesPeak / MIB });
