/** What the compiler makes of configuration, telemetry and metrics. Checked by `tsc -p tsconfig.json`; never run. */
import {
  ConfigurationError,
  KernelError,
  type MemoryUsage,
  type MetricsSnapshot,
  ParallelConfig,
  ParallelExecutor,
  SharrayError,
  type Telemetry,
} from "sharray";
import { expectTypeOf, test } from "vitest";

test("an executor takes options, a config, or nothing", async () => {
  new ParallelExecutor();
  new ParallelExecutor({ strategy: "auto", maxWorkers: 4 });
  new ParallelExecutor(new ParallelConfig({ minBatchSize: 3 }));
  // @ts-expect-error no such field
  new ParallelExecutor({ max_workers: 4 });
  // @ts-expect-error no such strategy
  new ParallelConfig({ strategy: "process" });
  // @ts-expect-error a number is no text
  new ParallelConfig({ maxWorkers: "4" });
  await using executor = new ParallelExecutor();
  expectTypeOf(executor.memory()).toEqualTypeOf<MemoryUsage>();
  expectTypeOf(executor.metrics.snapshot()).toEqualTypeOf<MetricsSnapshot>();
  expectTypeOf(executor.start()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(executor.shutdown()).toEqualTypeOf<Promise<void>>();
  executor.cancel();
  executor.cancel(new Error("stop"));
});

test("a config is read-only", () => {
  const config = new ParallelConfig();
  expectTypeOf(config.maxWorkers).toEqualTypeOf<number>();
  expectTypeOf(config.minBatchSize).toEqualTypeOf<number | undefined>();
  // @ts-expect-error frozen
  config.maxWorkers = 3;
});

test("a config from the environment", () => {
  expectTypeOf(ParallelConfig.fromEnv()).toEqualTypeOf<ParallelConfig>();
  ParallelConfig.fromEnv({ maxWorkers: 4 });
  ParallelConfig.fromEnv(new ParallelConfig(), process.env);
  ParallelConfig.fromEnv(undefined, { CE_PARALLEL: "off" });
  // @ts-expect-error no such field
  ParallelConfig.fromEnv({ max_workers: 4 });
  // @ts-expect-error variables are text
  ParallelConfig.fromEnv({}, { CE_PARALLEL: 1 });
});

test("telemetry: the event's name narrows its payload", () => {
  const telemetry: Telemetry = (event, payload) => {
    if (event === "parallel_decision") {
      expectTypeOf(payload.predicted.threads.total).toEqualTypeOf<number>();
      // @ts-expect-error this event has none
      payload.duration;
    } else if (event === "parallel_execution") {
      expectTypeOf(payload.bytesPlaced).toEqualTypeOf<number>();
    } else {
      expectTypeOf(event).toEqualTypeOf<"parallel_fallback">();
      expectTypeOf(payload.error).toEqualTypeOf<unknown>();
    }
  };
  new ParallelConfig({ telemetry });
});

test("errors: one guard for all, fields by class", () => {
  const error: unknown = undefined;
  if (error instanceof SharrayError) expectTypeOf(error.code).toEqualTypeOf<string>();
  if (error instanceof KernelError) {
    expectTypeOf(error.index).toEqualTypeOf<number>();
    const code: "SHARRAY_KERNEL" = error.code;
    expectTypeOf(code).toExtend<string>();
    // @ts-expect-error read-only
    error.index = 2;
  }
  if (error instanceof ConfigurationError) expectTypeOf(error.received).toEqualTypeOf<unknown>();
  // @ts-expect-error abstract
  new SharrayError("x");
});
