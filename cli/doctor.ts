/** What this machine and this runtime give sharray, on public calls only. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { type HostProfile, IsolationError, ParallelConfig, ParallelExecutor } from "sharray";
import { pass } from "./kernel.js";
import { type WasmFeature, wasmFeatures } from "./wasm-features.js";

/** How the self-test of a strategy went. */
export interface Tested {
  readonly strategy: string;
  /** Whether this runtime has the strategy at all. */
  readonly isHere: boolean;
  readonly ok: boolean;
  /** Milliseconds of a pass over the data, by workers that had started; `undefined` if it failed. */
  readonly milliseconds: number | undefined;
  /** Why it failed; `undefined` if it did not. */
  readonly error: string | undefined;
  /** What to do about that. */
  readonly fix: string | undefined;
}

export interface Diagnosis {
  readonly runtime: { readonly name: string; readonly version: string; readonly platform: string };
  readonly cores: {
    /** Those of the machine. */
    readonly machine: number;
    /** Those that the runtime sees. */
    readonly runtime: number;
    /** Those that sharray uses: what quotas and affinity leave. */
    readonly usable: number;
  };
  readonly memory: { readonly machine: number; readonly allowed: number; readonly shared: number };
  /** Whether threads can share memory, and whether text may be compiled, which inline kernels need. */
  readonly isolation: { readonly sharedMemory: boolean; readonly eval: boolean };
  readonly webAssembly: Readonly<Record<WasmFeature, boolean>>;
  readonly host: HostProfile;
  readonly strategies: readonly Tested[];
  readonly advice: readonly string[];
}

export async function diagnose(): Promise<Diagnosis> {
  const { maxWorkers, maxSharedBytes } = new ParallelConfig();
  const executor = new ParallelExecutor();
  const strategies: Tested[] = [];
  const names = Object.keys(executor.explain(new Float64Array(1), pass).predicted);
  for (const strategy of names) strategies.push(await tested(executor, strategy as "threads"));
  const host = executor.hostProfile;
  await executor.shutdown();
  const found = {
    runtime: { ...runtime(), platform: `${process.platform} ${process.arch}` },
    cores: { machine: cpus().length, runtime: availableParallelism(), usable: maxWorkers },
    memory: {
      machine: totalmem(),
      allowed: Math.min(process.constrainedMemory?.() || Number.POSITIVE_INFINITY, totalmem()),
      shared: maxSharedBytes,
    },
    isolation: { sharedMemory: SHARES_MEMORY, eval: mayCompile() },
    webAssembly: wasmFeatures(),
    host,
    strategies,
  };
  return { ...found, advice: adviceFor(found) };
}

const SHARES_MEMORY = typeof SharedArrayBuffer === "function";
const LENGTH = 1_000_000;
/** Milliseconds for which a strategy is tested. */
const TEST_MS = 1000;

/** Runs the same pass over shared columns for a second, and checks its sum. */
async function tested(executor: ParallelExecutor, strategy: "threads"): Promise<Tested> {
  try {
    const numbers = Float64Array.from({ length: LENGTH }, (_, i) => i % 1000);
    const x = SHARES_MEMORY ? executor.share(numbers) : numbers;
    const run = async (): Promise<number> => {
      const sums = await executor.mapShared(x, pass, { strategy });
      return sums.reduce((a, b) => a + b, 0);
    };
    // Starts workers.
    await run();
    const times: number[] = [];
    const end = performance.now() + TEST_MS;
    do {
      const started = performance.now();
      const sum = Math.round(await run());
      times.push(performance.now() - started);
      if (sum !== (LENGTH / 1000) * 499_500) throw new Error(`The sum is wrong: ${sum}`);
    } while (performance.now() < end);
    const milliseconds = Math.min(...times);
    return { strategy, isHere: true, ok: true, milliseconds, error: undefined, fix: undefined };
  } catch (error) {
    const { message } = error as Error;
    const isHere = !(error instanceof IsolationError);
    return {
      strategy,
      isHere,
      ok: false,
      milliseconds: undefined,
      error: message,
      fix: fixOf(error as Error),
    };
  }
}

function fixOf({ message, cause }: Error): string {
  if ((cause as { readonly code?: unknown } | undefined)?.code === "ERR_ACCESS_DENIED")
    return "Allow it: --allow-worker is for threads, --allow-child-process and --allow-fs-write for processes.";
  if (/EMFILE|descriptor/.test(message)) return "Raise the limit of open files (ulimit -n).";
  return "docs/troubleshooting.md has the messages of workers.";
}

function runtime(): { readonly name: string; readonly version: string } {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return { name: "Bun", version: bun };
  if (deno !== undefined) return { name: "Deno", version: deno };
  return { name: "Node", version: node as string };
}

function mayCompile(): boolean {
  try {
    return new Function("return true")() as boolean;
  } catch {
    return false;
  }
}

function adviceFor({ cores, isolation, strategies, memory }: Omit<Diagnosis, "advice">): string[] {
  const advice: string[] = [];
  if (cores.usable === 1) {
    advice.push(
      "One core is usable: threads make nothing faster. Raise the CPU quota or the affinity of this process.",
    );
  } else if (cores.usable < cores.machine) {
    advice.push(
      `${cores.usable} of ${cores.machine} cores are usable, because of a CPU quota or affinity. Raise it for more workers.`,
    );
  }
  if (!isolation.sharedMemory) {
    advice.push(
      "There is no SharedArrayBuffer: calls run on this thread alone. Start the runtime without what takes it away (--no-harmony-sharedarraybuffer).",
    );
  }
  if (!isolation.eval)
    advice.push("Text may not be compiled: inline kernels can't run. Use defineKernel (docs/kernels.md).");
  if (memory.shared < memory.allowed / 4) {
    advice.push(
      "maxSharedBytes is less than a quarter of the memory: large payloads may be refused. Raise it.",
    );
  }
  for (const { strategy, isHere, ok, error, fix } of strategies) {
    if (isHere && !ok)
      advice.push(`The strategy "${strategy}" does not run: ${error?.replace(/\.$/, "")}. ${fix}`);
  }
  return advice;
}
