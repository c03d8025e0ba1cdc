/** The entries `sharray/otel` and `sharray/trace` over real calls. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
import { KernelError, ParallelExecutor } from "sharray";
import { instrument } from "sharray/otel";
import { Trace, type TraceFile } from "sharray/trace";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkTrace } from "../trace-check.js";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

const executors: ParallelExecutor[] = [];
afterEach(async () => {
  await Promise.all(executors.splice(0).map((executor) => executor.shutdown()));
});

function create(strategy: "sequential" | "threads" | "processes"): ParallelExecutor {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  executors.push(executor);
  return executor;
}

const items = Array.from({ length: 60 }, (_, i) => i);

describe.each(["sequential", "threads", "processes"] as const)("sharray/otel, on %s", (strategy) => {
  const contexts = new AsyncLocalStorageContextManager();
  beforeAll(() => context.setGlobalContextManager(contexts.enable()));
  afterAll(() => context.disable());

  function sdk() {
    const spans = new InMemorySpanExporter();
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e9 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const tracer = tracerProvider.getTracer("test");
    /** Makes calls under an active span of that name. */
    const under = async (name: string, calls: () => Promise<unknown>): Promise<void> => {
      const span = tracer.startSpan(name);
      await context.with(trace.setSpan(context.active(), span), calls);
      span.end();
    };
    return { spans, metrics, tracerProvider, meterProvider, under };
  }

  test("spans of calls are below their callers', beside any other calls", async () => {
    const { spans, tracerProvider, meterProvider, under } = sdk();
    using _ = instrument({ tracerProvider, meterProvider });
    const executor = create(strategy);
    await Promise.all([
      under("first", async () => {
        await executor.map(items, (item) => item + 1);
        await executor.reduceShared(
          new Float64Array(1000),
          (part) => part.length,
          (a, b) => a + b,
        );
      }),
      under("second", async () => {
        for await (const _ of executor.streamShared([new Float64Array(3)], (array) => array.length));
      }),
    ]);
    const finished = spans.getFinishedSpans();
    const nameOf = new Map(finished.map((span) => [span.spanContext().spanId, span.name]));
    const calls = finished.filter(({ name }) => name.startsWith("sharray."));
    const parents = calls.map(({ name, parentSpanContext }) => [
      name,
      nameOf.get(parentSpanContext?.spanId ?? ""),
    ]);
    expect(parents.sort()).toEqual([
      ["sharray.map", "first"],
      ["sharray.reduceShared", "first"],
      ["sharray.streamShared", "second"],
    ]);
    for (const { attributes, status, events, duration } of calls) {
      expect(status.code).toBe(SpanStatusCode.UNSET);
      expect(events).toEqual([]);
      expect(attributes).toMatchObject({ "sharray.decision": strategy, "sharray.strategy": strategy });
      expect(attributes["sharray.actual.total_ms"]).toBeGreaterThan(0);
      expect(duration).not.toEqual([0, 0]);
    }
  });

  test("a call that failed is a span with its error, one that was refused too", async () => {
    const { spans, metrics, tracerProvider, meterProvider, under } = sdk();
    using _ = instrument({ tracerProvider, meterProvider });
    const executor = create(strategy);
    const failing = (item: number) => {
      if (item === 40) throw new RangeError("forty");
      return item;
    };
    await under("caller", async () => {
      await expect(executor.map(items, failing)).rejects.toThrow(KernelError);
      const signal = AbortSignal.abort(new TypeError("before"));
      await expect(executor.map(items, failing, { signal })).rejects.toThrow("before");
    });
    const [failed, refused, caller, ...more] = spans.getFinishedSpans();
    expect(more).toEqual([]);
    for (const span of [failed, refused]) {
      expect(span?.parentSpanContext?.spanId).toBe(caller?.spanContext().spanId);
      expect(span?.status.code).toBe(SpanStatusCode.ERROR);
      expect(span?.events.map(({ name }) => name)).toEqual(["exception"]);
    }
    expect(failed?.attributes).toMatchObject({ "error.type": "KernelError", "sharray.strategy": strategy });
    const stack = failed?.events[0]?.attributes?.["exception.stacktrace"];
    expect(stack).toMatch(/^KernelError: [\s\S]*\nCaused by: RangeError: forty\n/);
    expect(refused?.attributes).toMatchObject({ "error.type": "TypeError" });
    expect(refused?.attributes).not.toHaveProperty("sharray.strategy");
    await meterProvider.forceFlush();
    const all = (metrics.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap(({ metrics }) => metrics);
    const failures = all.find(({ descriptor }) => descriptor.name === "sharray.failures")?.dataPoints;
    expect(failures?.map(({ attributes, value }) => [attributes["error.type"], value])).toEqual([
      ["KernelError", 1],
      ["TypeError", 1],
    ]);
    await meterProvider.shutdown();
  });
});

describe("sharray/trace", () => {
  test.each(["sequential", "threads", "processes"] as const)(
    "calls at the same time nest, on %s",
    async (strategy) => {
      const recorded = new Trace();
      const executor = create(strategy);
      const other = create(strategy);
      const slow = async (item: number) => {
        for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
        return item;
      };
      const failing = () => {
        throw new RangeError("mine");
      };
      await Promise.all([
        executor.map(items, slow),
        executor.map(items, slow),
        other.mapShared(new Float64Array(5000), (part) => part.length, { chunkSize: 3 }),
        executor.map([1], failing).catch(() => {}),
      ]);
      recorded.stop();
      await executor.map(items, slow);
      const path = join(mkdtempSync(join(installed.project, "trace-")), "trace.json");
      await recorded.write(path);
      const { traceEvents, displayTimeUnit } = JSON.parse(readFileSync(path, "utf8")) as TraceFile;
      expect(displayTimeUnit).toBe("ms");
      checkTrace(traceEvents);
      const calls = traceEvents.filter(({ ph, name }) => ph === "b" && /^map/.test(name));
      expect(calls.map(({ name }) => name).sort()).toEqual(["map", "map", "map", "mapShared"]);
      const errors = calls.flatMap(({ args }) => args["error"] ?? []);
      expect(errors).toEqual([expect.stringMatching(/^KernelError: .*mine/)]);
      for (const { args, id, pid } of calls) {
        const claims = traceEvents.filter((each) => each.cat === "claim" && each.args["job"] === args["job"]);
        const tasks = claims.flatMap(({ args }) => {
          const { firstTask, tasks } = args as { firstTask: number; tasks: number };
          return Array.from({ length: tasks }, (_, i) => firstTask + i);
        });
        const all = Array.from({ length: args["tasks"] as number }, (_, i) => i);
        expect(tasks.sort((a, b) => a - b)).toEqual(all);
        const lanes = new Set(claims.map(({ tid }) => tid));
        const names = traceEvents.filter(({ name, tid }) => name === "thread_name" && lanes.has(tid));
        expect(names.length).toBeGreaterThan(0);
        for (const { args, pid: own } of names) {
          expect(args["name"]).toMatch(strategy !== "sequential" ? /^worker [12]\b/ : /^caller's thread/);
          expect(own).toBe(pid);
        }
        const parts = traceEvents.filter((each) => each.ph === "b" && each.id?.split("/")[0] === id);
        expect(parts.map(({ name }) => name)).toEqual(expect.arrayContaining(["plan", "compute"]));
      }
    },
  );
});

test("without @opentelemetry/api the package works, and sharray/otel names what is missing", async () => {
  const project = mkdtempSync(join(installed.run, "bare-"));
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  cpSync(join(installed.project, "node_modules"), modules, {
    recursive: true,
    filter: (source) => !source.includes("@opentelemetry"),
  });
  const program = `
    const { ParallelExecutor } = await import("sharray");
    const { Trace } = await import("sharray/trace");
    const recorded = new Trace();
    const executor = new ParallelExecutor({ strategy: "sequential" });
    console.log(await executor.map([1, 2], (x) => x * 2), recorded.toJSON().traceEvents.length > 0);
    console.log(await import("sharray/otel").catch(({ code, message }) => [code, message.includes("@opentelemetry/api")]));
  `;
  const { stdout, stderr } = await runNode(["--input-type=module", "-e", program], {
    cwd: project,
  });
  expect([stdout, stderr]).toEqual(["[ 2, 4 ] true\n[ 'ERR_MODULE_NOT_FOUND', true ]\n", ""]);
});
