import { channel } from "node:diagnostics_channel";
import { context, DiagLogLevel, diag, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChannelMessages } from "../../../src/telemetry/events.js";
import { instrument, type StopInstrumentation } from "../../../src/telemetry/otel.js";

const spans = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const estimate = { spawn: 0, place: 0, dispatch: 1, compute: 2, results: 0, total: 3 };

const decision: ChannelMessages["parallel_decision"] = {
  job: 1,
  call: "map",
  decision: "sequential",
  reason: "never measured",
  tasks: 5,
  basis: "supposed",
  predicted: { sequential: estimate, threads: estimate, processes: estimate },
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
  capturedBytes: 0,
  metadataBytes: 30,
  predicted: estimate,
  actual: { ...estimate, compute: 4, total: 5 },
  advice: ["share"],
};
const fallback: ChannelMessages["parallel_fallback"] = {
  job: 1,
  call: "map",
  error: new RangeError("lost"),
  from: "threads",
  to: "sequential",
};
// Longer than this process is old: it began before anybody listened.
const LONG_AGO = 1e9;

function publish<N extends keyof ChannelMessages>(name: N, message: ChannelMessages[N]): void {
  channel(`sharray:${name}`).publish(message);
}

function fail(error: unknown, { job = 1, duration = 0 } = {}): void {
  publish("parallel_failure", { job, call: "map", error, duration });
}

const contexts = new AsyncLocalStorageContextManager();
beforeAll(() => context.setGlobalContextManager(contexts.enable()));
afterAll(() => context.disable());

let exporter: InMemoryMetricExporter;
let meterProvider: MeterProvider;
let stop: StopInstrumentation;
beforeEach(() => {
  spans.reset();
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e9 });
  meterProvider = new MeterProvider({ readers: [reader] });
  stop = instrument({ tracerProvider, meterProvider });
});
afterEach(async () => {
  stop();
  diag.disable();
  await meterProvider.shutdown();
});

async function collected() {
  await meterProvider.forceFlush();
  return (exporter.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap(({ metrics }) => metrics);
}

/** Name, unit, attributes and value of every point. */
async function points(): Promise<readonly (readonly [string, string, object, unknown])[]> {
  return (await collected()).flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => {
      const figure = typeof value === "number" ? value : { count: value.count, sum: value.sum };
      return [descriptor.name, descriptor.unit, attributes, figure] as const;
    }),
  );
}

function onlySpan() {
  const [span, ...more] = spans.getFinishedSpans();
  expect(more).toEqual([]);
  if (span === undefined) throw new Error("no span has ended");
  return span;
}

describe("a call", () => {
  it("is a span below the caller's, with its plan, its parts and its move to the workers", () => {
    const caller = tracerProvider.getTracer("test").startSpan("request");
    context.with(trace.setSpan(context.active(), caller), () => publish("parallel_decision", decision));
    publish("parallel_decision", { ...decision, decision: "threads", reason: "handed over" });
    publish("parallel_fallback", fallback);
    expect(spans.getFinishedSpans()).toEqual([]);
    publish("parallel_execution", execution);
    const span = onlySpan();
    expect(span.name).toBe("sharray.map");
    expect(span.instrumentationScope.name).toBe("sharray");
    expect(span.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toEqual({
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
    expect(span.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ["sharray.hand_over", { "sharray.strategy": "threads", "sharray.reason": "handed over" }],
      [
        "sharray.fallback",
        {
          "sharray.from_strategy": "threads",
          "sharray.to_strategy": "sequential",
          "exception.type": "RangeError",
          "exception.message": "RangeError: lost",
        },
      ],
    ]);
  });

  it("has a span of its own while others run, and the same number may come again", () => {
    publish("parallel_decision", decision);
    publish("parallel_decision", { ...decision, job: 2, call: "mapShared" });
    publish("parallel_execution", execution);
    publish("parallel_execution", { ...execution, job: 2, call: "mapShared" });
    publish("parallel_decision", decision);
    publish("parallel_execution", execution);
    const ended = spans.getFinishedSpans();
    expect(ended.map(({ name, events }) => [name, events])).toEqual([
      ["sharray.map", []],
      ["sharray.mapShared", []],
      ["sharray.map", []],
    ]);
  });

  it("that failed is a span with its exception and the causes", () => {
    publish("parallel_decision", decision);
    const cause = new TypeError("inner");
    fail(Object.assign(new RangeError("outer", { cause }), { code: "CODE" }));
    const { status, attributes, events } = onlySpan();
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "RangeError: outer" });
    expect(attributes).toMatchObject({ "error.type": "RangeError", "sharray.strategy": "sequential" });
    expect(events).toHaveLength(1);
    expect(events[0]?.attributes).toMatchObject({
      "exception.type": "RangeError",
      "exception.message": "outer",
      "exception.stacktrace": expect.stringMatching(
        /^RangeError: outer\n[\s\S]*\nCaused by: TypeError: inner\n/,
      ),
    });
  });

  it("that failed after a fallback names the strategy that ran it then", () => {
    publish("parallel_decision", { ...decision, decision: "threads" });
    publish("parallel_fallback", fallback);
    fail(new Error("x"));
    expect(onlySpan().attributes["sharray.strategy"]).toBe("sequential");
  });

  it("that was left by its loop is a span without an error", () => {
    publish("parallel_decision", decision);
    publish("parallel_left", { job: 1, call: "streamShared", duration: 3 });
    const { status, events } = onlySpan();
    expect(status.code).toBe(SpanStatusCode.UNSET);
    expect(events.map(({ name }) => name)).toEqual(["sharray.left"]);
  });

  it.each([
    ["a text", "stopped", '"stopped"'],
    ["nothing", undefined, "undefined"],
    ["an object without a text", Object.create(null), "object with keys (none)"],
    ["a proxy that is no more", revokedProxy(), "a value that cannot be shown"],
    ["an error that is its own cause", selfCaused(), "Error: circle"],
  ])("may fail with %s", (_, error: unknown, text) => {
    publish("parallel_decision", decision);
    fail(error);
    const { status, events } = onlySpan();
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: text });
    expect(events.map(({ name }) => name)).toEqual(["exception"]);
  });

  it("that was refused before its plan is a span of its whole time, below the caller's", () => {
    const caller = tracerProvider.getTracer("test").startSpan("request");
    // So that there is time since the instrumentation for the call to have taken.
    const since = performance.now();
    while (performance.now() - since < 3);
    context.with(trace.setSpan(context.active(), caller), () => fail(new Error("refused"), { duration: 2 }));
    const { name, duration, parentSpanContext, status, attributes } = onlySpan();
    expect([name, status.code]).toEqual(["sharray.map", SpanStatusCode.ERROR]);
    expect(parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    expect(duration[0] * 1e3 + duration[1] / 1e6).toBeCloseTo(2, 2);
    expect(attributes).toEqual({ "sharray.job": 1, "sharray.call": "map", "error.type": "Error" });
  });

  it("that began before is no span, but counts", async () => {
    publish("parallel_execution", execution);
    publish("parallel_fallback", fallback);
    fail(new Error("x"), { duration: LONG_AGO });
    expect(spans.getFinishedSpans()).toEqual([]);
    const counted = (await points()).map(([name]) => name);
    expect(counted).toEqual(
      expect.arrayContaining(["sharray.calls", "sharray.failures", "sharray.fallbacks"]),
    );
  });
});

describe("metrics", () => {
  it("are in seconds, bytes and shares", async () => {
    publish("parallel_execution", execution);
    publish("parallel_execution", { ...execution, duration: 1000 });
    publish("parallel_decision", decision);
    publish("parallel_decision", { ...decision, decision: "threads" });
    fail(new RangeError("x"));
    fail(1, { duration: LONG_AGO });
    publish("parallel_fallback", fallback);
    const call = { "sharray.call": "map" };
    const labels = { ...call, "sharray.strategy": "threads" };
    expect(await points()).toEqual([
      ["sharray.calls", "{call}", labels, 2],
      ["sharray.failures", "{call}", { ...labels, "error.type": "RangeError" }, 1],
      ["sharray.failures", "{call}", { ...call, "error.type": "_OTHER" }, 1],
      [
        "sharray.fallbacks",
        "{fallback}",
        { ...call, "sharray.from_strategy": "threads", "sharray.to_strategy": "sequential" },
        1,
      ],
      ["sharray.placed", "By", labels, 40],
      ["sharray.call.duration", "s", labels, { count: 2, sum: 4 }],
      ["sharray.call.wait", "s", labels, { count: 2, sum: 1 }],
      ["sharray.call.worker_utilization", "1", labels, { count: 2, sum: 1 }],
    ]);
  });

  it("tell a call of a millisecond from one of ten", async () => {
    publish("parallel_execution", { ...execution, duration: 0.9 });
    publish("parallel_execution", { ...execution, duration: 9 });
    const duration = (await collected()).find(
      ({ descriptor }) => descriptor.name === "sharray.call.duration",
    );
    const { counts, boundaries } = (duration?.dataPoints as DataPoint<Histogram>[] | undefined)?.[0]?.value
      .buckets ?? { counts: [], boundaries: [] };
    expect(counts.filter((count) => count > 0)).toEqual([1, 1]);
    expect(boundaries).toEqual([...boundaries].sort((a, b) => a - b));
  });
});

describe("the end", () => {
  it("hears nothing more, and leaves no span open", () => {
    publish("parallel_decision", decision);
    stop();
    expect(onlySpan().events.map(({ name }) => name)).toEqual(["sharray.instrumentation_stopped"]);
    publish("parallel_decision", { ...decision, job: 2 });
    publish("parallel_execution", { ...execution, job: 2 });
    stop();
    expect(spans.getFinishedSpans()).toHaveLength(1);
    for (const name of ["decision", "execution", "fallback", "failure"])
      expect(channel(`sharray:parallel_${name}`).hasSubscribers, name).toBe(false);
  });

  it("comes by itself to `using`, and to one instrumentation alone", () => {
    {
      using second = instrument({ tracerProvider, meterProvider });
      expect(second).toBeTypeOf("function");
      publish("parallel_decision", decision);
      publish("parallel_execution", execution);
      expect(spans.getFinishedSpans()).toHaveLength(2);
    }
    publish("parallel_decision", decision);
    publish("parallel_execution", execution);
    expect(spans.getFinishedSpans()).toHaveLength(3);
  });
});

it("what a processor of spans throws goes to the log of OpenTelemetry, not to the process", async () => {
  stop();
  const failing = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart() {},
        onEnd() {
          throw new Error("no room");
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const logged = vi.fn();
  const none = () => {};
  diag.setLogger(
    { error: logged, warn: none, info: none, debug: none, verbose: none },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  // A subscriber that throws would be an uncaught exception, at which Vitest fails the run.
  using _ = instrument({ tracerProvider: failing, meterProvider });
  publish("parallel_decision", decision);
  publish("parallel_execution", execution);
  expect(logged).toHaveBeenCalledExactlyOnceWith(
    "sharray: parallel_execution could not be told",
    new Error("no room"),
  );
  await new Promise(setImmediate);
});

it("the instrumentation uses the global providers unless it is given others", () => {
  stop();
  trace.setGlobalTracerProvider(tracerProvider);
  try {
    using _ = instrument();
    publish("parallel_decision", decision);
    publish("parallel_execution", execution);
    expect(onlySpan().name).toBe("sharray.map");
  } finally {
    trace.disable();
  }
});

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function selfCaused(): Error {
  const error = new Error("circle");
  error.cause = error;
  return error;
}
