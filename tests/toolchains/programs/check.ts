/** What each tool chain has to run, on two worker threads. Prints a line for each kind of kernel that worked, and what became of a captured variable. */
import { KernelError, ParallelExecutor, type ParallelOptions, type ReadOnly } from "sharray";

export type Scale = (part: ReadOnly<Float64Array>, out: Float64Array) => void;

const numbers = Float64Array.from({ length: 10_000 }, (_, i) => i);

/** @param scale a module kernel that doubles; `undefined` if this tool chain has none */
export async function check(scale?: Scale, options: ParallelOptions = {}): Promise<void> {
  const executor = new ParallelExecutor({ ...options, strategy: "threads", maxWorkers: 2 });
  const x = executor.share(numbers);
  const parts = await executor.mapShared(x, (part) => part.reduce((a, b) => a + b, 0), { chunkSize: 1000 });
  console.log(`inline kernel: ${parts.reduce((a, b) => a + b, 0)}`);
  const factor = parts.length;
  const captured = await executor.map([1, 2], (x) => x * factor).then(String, ({ name }) => name);
  console.log(`captured variable: ${captured}`);
  if (scale !== undefined) {
    const doubled = await executor.transformShared(x, Float64Array, scale, { chunkSize: 1000 });
    console.log(`module kernel: ${doubled[9999]}`);
  }
  await executor.shutdown();
}

/**
 * Prints where the error of a kernel says that it was thrown and called: the frames in files of the project, innermost first.
 * @param kernel throws for 2
 */
export async function checkStack(kernel: (x: number) => number): Promise<void> {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  const error: unknown = await executor.map([1, 2], kernel).catch((error: unknown) => error);
  await executor.shutdown();
  if (!(error instanceof KernelError)) throw error;
  const frames = String((error.cause as Error).stack)
    .split("\n")
    .filter((line) => /^ +at /.test(line));
  const places = frames
    .filter((line) => !/node:|node_modules/.test(line))
    .map((line) => /[^/\\(]+:\d+:\d+/.exec(line)?.[0]);
  console.log(`failing kernel: ${places.join(" < ")}`);
}
