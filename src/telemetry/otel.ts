/** Turns the events of all executors of this thread into OpenTelemetry spans and metrics. */
export type * from "../platform/ambient.js";

import {
  type Attributes,
  diag,
  type Exception,
  type MeterProvider,
  metrics,
  type Span,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import { subscribe, unsubscribe } from "../platform/channels.js";
import { clock } from "../platform/clock.js";
import type { RunsOn } from "../strategies/registry.js";
import { isError, textOf, typeOf } from "./error-text.js";
import type {
  ChannelMessages,
  ParallelDecision,
  ParallelExecution,
  ParallelFailure,
  ParallelFallback,
  ParallelLeft,
} from "./events.js";
import { CallMetrics } from "./otel-metrics.js";

export interface InstrumentOptions {
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the global one, which must be set by then: meters, unlike tracers, do not change over to a later one. */
  readonly meterProvider?: MeterProvider | undefined;
}

/** Ends the instrumentation when it is called, or by `using`. */
export interface StopInstrumentation extends Disposable {
  (): void;
}

const SCOPE = "sharray";
// Causes may form a ring.
const MAX_CAUSES = 8;

/**
 * Makes a span per call, below the span that is active when the call is made, and metrics of all calls.
 * @returns ends that; calls still in progress then have their spans ended
 */
export function instrument({ tracerProvider, meterProvider }: InstrumentOptions = {}): StopInstrumentation {
  const spans = new CallSpans((tracerProvider ?? trace).getTracer(SCOPE));
  const figures = new CallMetrics((meterProvider ?? metrics).getMeter(SCOPE));
  const stops = [
    listen("parallel_decision", (event) => spans.decided(event)),
    listen("parallel_fallback", (event) => {
      spans.fellBack(event);
      figures.fellBack(event);
    }),
    listen("parallel_execution", (event) => {
      spans.executed(event);
      figures.executed(event);
    }),
    listen("parallel_failure", (event) => {
      const strategy = spans.strategyOf(event.job);
      spans.failed(event);
      figures.failed(event, strategy);
    }),
    listen("parallel_left", (event) => spans.left(event)),
  ];
  const stop = (): void => {
    for (const each of stops) each();
    spans.endAll();
  };
  return Object.assign(stop, { [Symbol.dispose]: stop });
}

function listen<N extends keyof ChannelMessages>(
  name: N,
  listener: (message: ChannelMessages[N]) => void,
): () => void {
  const onMessage = (message: unknown): void => {
    try {
      listener(message as ChannelMessages[N]);
    } catch (error) {
      // An exporter's error. diagnostics_channel would make it an uncaught exception of the process.
      diag.error(`sharray: ${name} could not be told`, error);
    }
  };
  subscribe(`sharray:${name}`, onMessage);
  return () => {
    unsubscribe(`sharray:${name}`, onMessage);
  };
}

interface OpenCall {
  readonly span: Span;
  /** The strategy that runs it now. */
  strategy: RunsOn;
}

/** A span per call, from its decision to its end. */
class CallSpans {
  readonly #tracer: Tracer;
  readonly #open = new Map<number, OpenCall>();
  readonly #since = clock();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** `undefined` if the call has no span. */
  strategyOf(job: number): RunsOn | undefined {
    return this.#open.get(job)?.strategy;
  }

  decided({ job, call, decision, reason, tasks, bytesShared, bytesToPlace }: ParallelDecision): void {
    const open = this.#open.get(job);
    if (open !== undefined) {
      open.strategy = decision;
      open.span.addEvent("sharray.hand_over", { "sharray.strategy": decision, "sharray.reason": reason });
      return;
    }
    // The event comes within the user's call, so the active span is the caller's.
    const span = this.#tracer.startSpan(`sharray.${call}`, {
      attributes: {
        "sharray.job": job,
        "sharray.call": call,
        "sharray.decision": decision,
        "sharray.reason": reason,
        "sharray.tasks": tasks,
        "sharray.bytes_shared": bytesShared,
        "sharray.bytes_to_place": bytesToPlace,
      },
    });
    this.#open.set(job, { span, strategy: decision });
  }

  fellBack({ job, error, from, to }: ParallelFallback): void {
    const open = this.#open.get(job);
    if (open === undefined) return;
    open.strategy = to;
    open.span.addEvent("sharray.fallback", {
      "sharray.from_strategy": from,
      "sharray.to_strategy": to,
      "exception.type": typeOf(error),
      "exception.message": textOf(error),
    });
  }

  executed(event: ParallelExecution): void {
    const span = this.#close(event.job);
    if (span === undefined) return;
    span.setAttributes({
      "sharray.strategy": event.strategy,
      "sharray.workers": event.workers,
      "sharray.worker_utilization": event.workerUtilisationPct / 100,
      "sharray.wait_ms": event.wait,
      "sharray.bytes_placed": event.bytesPlaced,
      "sharray.metadata_bytes": event.metadataBytes,
      "sharray.advice": [...event.advice],
      ...partsOf("predicted", event.predicted),
      ...partsOf("actual", event.actual),
    });
    span.end();
  }

  failed({ job, call, error, duration }: ParallelFailure): void {
    const now = Date.now();
    const strategy = this.strategyOf(job);
    const span = this.#close(job) ?? this.#refused(job, call, duration, now);
    if (span === undefined) return;
    if (strategy !== undefined) span.setAttribute("sharray.strategy", strategy);
    span.setAttribute("error.type", typeOf(error));
    span.recordException(exceptionOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: textOf(error) });
    // A span of the SDK that was given its start takes the time by another clock unless it is given its end too.
    span.end(strategy === undefined ? now : undefined);
  }

  left({ job }: ParallelLeft): void {
    const span = this.#close(job);
    span?.addEvent("sharray.left");
    span?.end();
  }

  /** Ends the spans of calls in progress, because nobody else would. */
  endAll(): void {
    for (const { span } of this.#open.values()) {
      span.addEvent("sharray.instrumentation_stopped");
      span.end();
    }
    this.#open.clear();
  }

  #close(job: number): Span | undefined {
    const span = this.#open.get(job)?.span;
    this.#open.delete(job);
    return span;
  }

  /**
   * A span for a call that failed before its plan, made afterwards. `undefined` for one that began before the instrumentation.
   */
  #refused(job: number, call: string, duration: number, now: number): Span | undefined {
    if (clock() - duration < this.#since) return undefined;
    return this.#tracer.startSpan(`sharray.${call}`, {
      startTime: now - duration,
      attributes: { "sharray.job": job, "sharray.call": call },
    });
  }
}

function partsOf(side: "predicted" | "actual", estimate: ParallelExecution["actual"]): Attributes {
  return Object.fromEntries(
    Object.entries(estimate).map(([part, ms]) => [`sharray.${side}.${part}_ms`, ms as number]),
  );
}

/** With the stacks of its causes: what a kernel threw is the cause of the KernelError. */
function exceptionOf(error: unknown): Exception {
  if (!isError(error)) return { name: typeOf(error), message: textOf(error) };
  const stacks: string[] = [];
  for (let each: unknown = error; each !== undefined && stacks.length <= MAX_CAUSES; ) {
    stacks.push(isError(each) ? (each.stack ?? textOf(each)) : textOf(each));
    each = isError(each) ? each.cause : undefined;
  }
  // Without `code`, which the SDK would take for the type.
  return { name: typeOf(error), message: error.message, stack: stacks.join("\nCaused by: ") };
}
