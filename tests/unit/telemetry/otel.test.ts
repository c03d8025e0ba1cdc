import { channel } from "node:diagnostics_channel";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ChannelMessages } from "../../../src/telemetry/events.js";
import { instrument } from "../../../src/telemetry/otel.js";

const spans = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const estimate = { spawn: 0, place: 0, dispatch: 1, compute: 2, results: 0, total: 3 };

const decision: ChannelMessages["parallel_decision"] = {
  job: 1,
  call: "map",
  decision: "sequential",
  reason: "never measured",
  tasks: 5,
  predicted: { sequential: estimate, threads: estimate },
  bytesShared: 10,
  bytesToPlace: 20,
};
const execution: ChannelMessages["parallel_execution"] = {
  job: 1,
  call: "map",
  strategy: "threads",
  items: 5,
  duration: 3000,
  wait: 500,
  workers: 2,
  workerUtilisationPct: 50,
  taskSizeHintBytes: 0,
  bytesPlaced: 20,
  bytesShared: 10,
  metadataBytes: 30,
  predicted: estimate,
  actual: { ...estimate, compute: 4, total: 5 },
  advice: ["share"],
};

function publish<N extends keyof ChannelMessages>(name: N, message: ChannelMessages[N]): void {
  channel(`sharray:${name}`).publish(message);
}

const contexts = new AsyncLocalStorageContextManager();
beforeAll(() => context.setGlobalContextManager(contexts.enable()));
afterAll(() => context.disable());

let metrics: InMemoryMetricExporter;
let meterProvider: MeterProvider;
let stop: () => void;
beforeEach(() => {
  spans.reset();
  metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e9 });
  meterProvider = new MeterProvider({ readers: [reader] });
  stop = instrument({ tracerProvider, meterProvider });
});
afterEach(async () => {
  stop();
  await meterProvider.shutdown();
});

/** Name, unit, attributes and value of every point. */
async function points(): Promise<readonly (readonly [string, string, object, unknown])[]> {
  await meterProvider.forceFlush();
  const scopes = metrics.getMetrics().at(-1)?.scopeMetrics ?? [];
  return scopes.flatMap(({ metrics: all }) =>
    all.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const figure = typeof value === "number" ? value : { count: value.count, sum: value.sum };
        return [descriptor.name, descriptor.unit, attributes, figure] as const;
      }),
    ),
  );
}

describe("a call", () => {
  it("is a span below the caller's, with its plan, its parts and its move to the workers", () => {
    const caller = tracerProvider.getTracer("test").startSpan("request");
    context.with(trace.setSpan(context.active(), caller), () => publish("parallel_decision", decision));
    publish("parallel_decision", { ...decision, decision: "threads", reason: "handed over" });
    publish("parallel_fallback", {
      job: 1,
      call: "map",
      error: new Error("lost"),
      from: "threads",
      to: "sequential",
    });
    expect(spans.getFinishedSpans()).toEqual([]);
    publish("parallel_execution", execution);
    const [span, ...more] = spans.getFinishedSpans();
    expect(more).toEqual([]);
    expect(span?.name).toBe("sharray.map");
    expect(span?.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    expect(span?.attributes).toEqual({
      "sharray.job": 1,
      "sharray.call": "map",
      "sharray.decision": "sequential",
      "sharray.reason": "never measured",
      "sharray.tasks": 5,
      "sharray.bytes_shared": 10,
      "sharray.bytes_to_place": 20,
      "sharray.strategy": "threads",
      "sharray.workers": 2,
      "sharray.worker_utilization": 0.5,
      "sharray.wait_ms": 500,
      "sharray.bytes_placed": 20,
      "sharray.metadata_bytes": 30,
      "sharray.advice": ["share"],
      "sharray.predicted.spawn_ms": 0,
      "sharray.predicted.place_ms": 0,
      "sharray.predicted.dispatch_ms": 1,
      "sharray.predicted.compute_ms": 2,
      "sharray.predicted.results_ms": 0,
      "sharray.predicted.total_ms": 3,
      "sharray.actual.spawn_ms": 0,
      "sharray.actual.place_ms": 0,
      "sharray.actual.dispatch_ms": 1,
      "sharray.actual.compute_ms": 4,
      "sharray.actual.results_ms": 0,
      "sharray.actual.total_ms": 5,
    });
    expect(span?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ["sharray.hand_over", { "sharray.strategy": "threads", "sharray.reason": "handed over" }],
      [
        "sharray.fallback",
        {
          "sharray.from_strategy": "threads",
          "sharray.to_strategy": "sequential",
          "exception.message": "Error: lost",
        },
      ],
    ]);
  });

  it("that failed is a span with its exception", () => {
    publish("parallel_decision", decision);
    publish("parallel_failure", { job: 1, call: "map", error: new RangeError("x"), duration: 1 });
    const [span] = spans.getFinishedSpans();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: "RangeError: x" });
    expect(span?.events.map(({ attributes }) => attributes?.["exception.type"])).toEqual(["RangeError"]);
  });

  it("that began before is no span, but counts", async () => {
    publish("parallel_execution", execution);
    publish("parallel_failure", { job: 2, call: "map", error: 1, duration: 1 });
    expect(spans.getFinishedSpans()).toEqual([]);
    expect((await points()).map(([name]) => name)).toContain("sharray.failures");
  });
});

it("metrics are in seconds, bytes and shares", async () => {
  publish("parallel_execution", execution);
  publish("parallel_execution", { ...execution, duration: 1000 });
  publish("parallel_failure", { job: 2, call: "map", error: 1, duration: 1 });
  publish("parallel_fallback", { job: 1, call: "map", error: 1, from: "threads", to: "sequential" });
  const labels = { "sharray.call": "map", "sharray.strategy": "threads" };
  expect(await points()).toEqual([
    ["sharray.call.duration", "s", labels, { count: 2, sum: 4 }],
    ["sharray.call.wait", "s", labels, { count: 2, sum: 1 }],
    ["sharray.call.worker_utilization", "1", labels, { count: 2, sum: 1 }],
    ["sharray.placed", "By", labels, 40],
    ["sharray.failures", "{call}", { "sharray.call": "map" }, 1],
    ["sharray.fallbacks", "{fallback}", { "sharray.call": "map" }, 1],
  ]);
});

it("hears nothing once it is stopped, and leaves no span open", () => {
  publish("parallel_decision", decision);
  stop();
  expect(spans.getFinishedSpans()).toHaveLength(1);
  publish("parallel_decision", { ...decision, job: 2 });
  publish("parallel_execution", { ...execution, job: 2 });
  expect(spans.getFinishedSpans()).toHaveLength(1);
  expect(channel("sharray:parallel_execution").hasSubscribers).toBe(false);
});
