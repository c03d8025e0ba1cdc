/** sharray: shared-memory compute for typed arrays. Public names only. */

export type {
  CallOptions,
  ChunkKernel,
  CollectedOutputs,
  CollectKernel,
  CollectOptions,
  Halo,
  ItemIntoKernel,
  ItemKernel,
  IterateOptions,
  MapOptions,
  NextView,
  NotAList,
  Output,
  OutputArrays,
  Outputs,
  OutputViews,
  PassKernel,
  Progress,
  ReduceOptions,
  Results,
  RowsOf,
  Shared,
  SingleJob,
  SourceOptions,
  StreamedResult,
  StreamOptions,
  SubmitOptions,
  TransformKernel,
  WritableArrays,
} from "./call/types.js";
export { ParallelConfig } from "./config/config.js";
export type { ParallelOptions, ResourceLimits } from "./config/options.js";
export {
  ClusterError,
  type ClusterFailure,
  ConfigurationError,
  ConnectionError,
  type ConnectionFailure,
  EvalForbiddenError,
  ExecutorClosedError,
  IsolationError,
  KernelCaptureError,
  KernelError,
  MemoryLimitError,
  type PartialResults,
  PayloadMutatedError,
  SharrayError,
  type TaskRange,
  TaskTimeoutError,
  WorkerLostError,
} from "./errors.js";
export type { Executor } from "./executor/executor.js";
export { ParallelExecutor } from "./executor/parallel-executor.js";
export type { ShutdownOptions } from "./executor/shutdown.js";
export { defineKernel } from "./kernel/module/define.js";
export type { AnyKernel, KernelContext, KernelView, PassContext, ReadOnlyDeep, Rng } from "./kernel/types.js";
export type { ReadOnly, TypedArray, TypedArrayConstructor } from "./memory/dtypes.js";
export type { Batch, Columns, Input, Source } from "./memory/inputs.js";
export type { MemoryUsage } from "./memory/usage.js";
export type { HostProfile } from "./plan/host-profile.js";
export type { Basis, Estimate } from "./plan/plan.js";
export type * from "./platform/ambient.js";
export type { Claim } from "./protocol/round.js";
export type { AnyPlan, HandOverPlan, KernelCost, Plan, RunsOn, StrategyName } from "./strategies/registry.js";
export type {
  CallName,
  CallTrace,
  ChannelMessages,
  ParallelDecision,
  ParallelExecution,
  ParallelFailure,
  ParallelFallback,
  ParallelLeft,
  Telemetry,
  TelemetryEvents,
  TraceSpan,
} from "./telemetry/events.js";
export type { Percentiles } from "./telemetry/histogram.js";
export type { Metrics, MetricsSnapshot } from "./telemetry/metrics.js";
