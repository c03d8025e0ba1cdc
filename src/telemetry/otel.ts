/** Turns the events of all executors of this thread into OpenTelemetry spans and metrics. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type MeterProvider,
  metrics,
  type Span,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import type {
  ChannelMessages,
  ParallelDecision,
  ParallelExecution,
  ParallelFailure,
  ParallelFallback,
} from "./events.js";

export interface InstrumentOptions {
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider | undefined;
}

const SCOPE = "sharray";
// The units of OpenTelemetry's conventions: seconds and shares, where the events have milliseconds and percent.
const SECONDS_PER_MS = 1e-3;

/**
 * Makes a span per call, below the span that is active where the call is made, and metrics of all calls.
 * @returns ends that
 */
export function instrument({ tracerProvider, meterProvider }: InstrumentOptions = {}): () => void {
  const tracer = (tracerProvider ?? trace).getTracer(SCOPE);
  const instruments = makeInstruments(meterProvider ?? metrics);
  const spans = new Map<number, Span>();

  const decided = (event: ParallelDecision): void => {
    const { job, call, decision, reason, tasks, bytesShared, bytesToPlace } = event;
    const span = spans.get(job);
    if (span !== undefined) {
      span.addEvent("sharray.hand_over", { "sharray.strategy": decision, "sharray.reason": reason });
      return;
    }
    const attributes = {
      "sharray.job": job,
      "sharray.call": call,
      "sharray.decision": decision,
      "sharray.reason": reason,
      "sharray.tasks": tasks,
      "sharray.bytes_shared": bytesShared,
      "sharray.bytes_to_place": bytesToPlace,
    };
    spans.set(job, tracer.startSpan(`sharray.${call}`, { attributes }));
  };

  const fellBack = ({ job, call, error, from, to }: ParallelFallback): void => {
    instruments.fallbacks.add(1, { "sharray.call": call });
    const attributes = {
      "sharray.from_strategy": from,
      "sharray.to_strategy": to,
      "exception.message": String(error),
    };
    spans.get(job)?.addEvent("sharray.fallback", attributes);
  };

  const executed = (event: ParallelExecution): void => {
    const { job, call, strategy, duration, wait, workers, bytesPlaced, metadataBytes } = event;
    const labels = { "sharray.call": call, "sharray.strategy": strategy };
    const utilisation = event.workerUtilisationPct / 100;
    instruments.duration.record(duration * SECONDS_PER_MS, labels);
    instruments.wait.record(wait * SECONDS_PER_MS, labels);
    instruments.utilisation.record(utilisation, labels);
    instruments.placed.add(bytesPlaced, labels);
    const span = spans.get(job);
    if (span === undefined) return;
    span.setAttributes({
      "sharray.strategy": strategy,
      "sharray.workers": workers,
      "sharray.worker_utilization": utilisation,
      "sharray.wait_ms": wait,
      "sharray.bytes_placed": bytesPlaced,
      "sharray.metadata_bytes": metadataBytes,
      "sharray.advice": [...event.advice],
    });
    for (const side of ["predicted", "actual"] as const) {
      for (const [part, ms] of Object.entries(event[side])) {
        span.setAttribute(`sharray.${side}.${part}_ms`, ms as number);
      }
    }
    span.end();
    spans.delete(job);
  };

  const failed = ({ job, call, error }: ParallelFailure): void => {
    instruments.failures.add(1, { "sharray.call": call });
    const span = spans.get(job);
    if (span === undefined) return;
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    span.end();
    spans.delete(job);
  };

  const stops = [
    listen("parallel_decision", decided),
    listen("parallel_fallback", fellBack),
    listen("parallel_execution", executed),
    listen("parallel_failure", failed),
  ];
  return () => {
    for (const stop of stops) stop();
    // Calls that go on would never end their spans.
    for (const span of spans.values()) span.end();
    spans.clear();
  };
}

function makeInstruments(provider: Pick<MeterProvider, "getMeter">) {
  const meter = provider.getMeter(SCOPE);
  return {
    duration: meter.createHistogram("sharray.call.duration", {
      unit: "s",
      description: "From a call to its result",
    }),
    wait: meter.createHistogram("sharray.call.wait", {
      unit: "s",
      description: "From a call to the start of its first task",
    }),
    utilisation: meter.createHistogram("sharray.call.worker_utilization", {
      unit: "1",
      description: "Time in tasks over the time of all threads that took part",
    }),
    placed: meter.createCounter("sharray.placed", {
      unit: "By",
      description: "Bytes that were copied into shared memory",
    }),
    failures: meter.createCounter("sharray.failures", { unit: "{call}", description: "Calls that rejected" }),
    fallbacks: meter.createCounter("sharray.fallbacks", {
      unit: "{fallback}",
      description: "Strategies that failed and were followed by another",
    }),
  };
}

function listen<N extends keyof ChannelMessages>(
  name: N,
  listener: (message: ChannelMessages[N]) => void,
): () => void {
  const onMessage = (message: unknown): void => listener(message as ChannelMessages[N]);
  subscribe(`sharray:${name}`, onMessage);
  return () => {
    unsubscribe(`sharray:${name}`, onMessage);
  };
}
