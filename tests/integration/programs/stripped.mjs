/** Kernels in TypeScript, run without a loader. */
import { ParallelExecutor } from "sharray";
import { scaled, tripled } from "./stripped-kernels.ts";

const executor = new ParallelExecutor({ strategy: process.argv[2], maxWorkers: 2 });
const fromModule = await executor.mapShared(Float64Array.of(1, 2, 3), scaled, { chunkSize: 2 });
console.log(JSON.stringify({ fromModule, inline: await tripled(executor) }));
await executor.shutdown();
