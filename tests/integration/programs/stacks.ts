/** Where errors of kernels say that they are: beside where the same errors say so if the kernel is called in its place. */
import { KernelError, ParallelExecutor } from "sharray";

interface Told {
  /** Of the error that the kernel throws in its place: the first frames. */
  readonly inPlace: readonly string[];
  /** Of the error that the call reports. */
  readonly cause: readonly string[];
  /** The line of the call. */
  readonly site: string;
}

interface Item {
  readonly value: number;
}

const limit = 1;

function checked(item: Item): number {
  if (item.value > limit) throw new RangeError(`too many: ${item.value}`);
  return item.value;
}

const methods = {
  async halved<T extends Item>(item: T): Promise<number> {
    await null;
    return checked(item) / 2;
  },
};

const kernels: Readonly<Record<string, (item: Item) => unknown>> = {
  arrow: (item: Item): number => {
    if (item.value > 1) throw new TypeError("arrow");
    return 0 as number;
  },
  lines: function named(item: Item): number {
    const shift: number = item.value;

    return (null as unknown as { readonly [i: number]: number })[shift] as number;
  },
  captured: (item) => 1 + checked(item),
  method: methods.halved,
};

const framesOf = (error: unknown): string[] =>
  ((error as Error).stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));

async function run(executor: ParallelExecutor, kernel: (item: Item) => unknown): Promise<Told> {
  let inPlace: string[] = [];
  try {
    await kernel({ value: 2 });
  } catch (error) {
    inPlace = framesOf(error);
  }
  let site = "";
  const noted = <T>(value: T): T => {
    site = framesOf(new Error("here"))[1] as string;
    return value;
  };
  try {
    await executor.map([{ value: 0 }, { value: 2 }], noted(kernel));
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return { inPlace, cause: framesOf(error.cause), site };
  }
  throw new Error("The kernel has not failed");
}

const told: Record<string, Told> = {};
for (const strategy of ["sequential", "threads"] as const) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
  for (const [name, kernel] of Object.entries(kernels))
    told[`${strategy} ${name}`] = await run(executor, kernel);
  await executor.shutdown();
}
console.log(JSON.stringify(told));
