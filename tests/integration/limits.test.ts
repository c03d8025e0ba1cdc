/** A process that may open no further descriptor, start no further thread, or map no further memory; or not start workers at all. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type Ended, program, runNode } from "./run.js";

interface Described {
  readonly name: string;
  readonly message: string;
  readonly cause?: Described & { readonly code?: string };
}
interface Seen {
  readonly ended: Readonly<Record<"auto" | "sequential" | "threads", Readonly<Record<string, unknown>>>>;
  readonly fallbacks: readonly { readonly from: string; readonly to: string; readonly error: Described }[];
  readonly alive: number;
}

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
if (!canLimit)
  console.warn("prlimit is missing: limits of descriptors, threads and address space are not tested");
const isRoot = process.getuid?.() === 0;

/** Limits of threads are not for root, so then as somebody else. */
async function atLimit(name: string, left: number): Promise<Seen> {
  const command = [process.execPath, program("limits.mjs"), name, String(left)];
  const somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const [node, ...parameters] = isRoot && name === "threads" ? [...somebody, ...command] : command;
  const run: Ended = await runNode(parameters, { node: node as string, timeout: 50_000 });
  expect(run).toMatchObject({ code: 0, signal: null, stderr: "" });
  return JSON.parse(run.stdout) as Seen;
}

const here = { share: 2, inline: [2, 4, 6], module: [2, 4, 6], hinted: [2, 4, 6], timed: [2, 4, 6] };
const stopped = { endless: { name: "TaskTimeoutError" }, shutdown: "shut down" };

describe.skipIf(!canLimit)("without room for workers", () => {
  test.each([
    ["descriptors", 0],
    ["descriptors", 1],
    ["descriptors", 2],
    ["threads", 1],
    ["address space", 60],
    ["address space", 900],
  ])("(%s: %d left) calls run on this thread, and threads are refused", async (name, left) => {
    const { ended, fallbacks, alive } = await atLimit(name, left);
    expect(ended.sequential).toMatchObject({ ...here, ...stopped, start: "started" });
    const notStarted = {
      name: "WorkerLostError",
      message: expect.stringMatching(/^Cannot start /) as string,
    };
    expect(ended.auto).toMatchObject({ ...here, ...stopped, start: notStarted });
    expect(ended.threads).toMatchObject({
      share: 2,
      inline: notStarted,
      module: notStarted,
      hinted: notStarted,
      timed: notStarted,
      endless: notStarted,
      start: notStarted,
      shutdown: "shut down",
    });
    expect(fallbacks.length).toBeGreaterThan(0);
    for (const { from, to, error } of fallbacks) {
      expect([from, to]).toEqual(["threads", "sequential"]);
      expect(error).toMatchObject(notStarted);
    }
    expect(alive).toBe(0);
  });
});

describe.skipIf(!canLimit)("with room for a worker or two", () => {
  test.each([
    ["descriptors", 3],
    ["descriptors", 4],
    ["descriptors", 5],
    ["descriptors", 6],
    ["descriptors", 8],
    ["descriptors", 10],
    ["descriptors", 14],
    ["address space", 1400],
    ["address space", 2400],
  ])("(%s: %d left) every call ends, with its result or with what is missing", async (name, left) => {
    const { ended, alive } = await atLimit(name, left);
    expect(ended.sequential).toMatchObject({ ...here, ...stopped, start: "started" });
    expect(ended.auto).toMatchObject({ ...here, ...stopped });
    const whole: Readonly<Record<string, unknown>> = { ...here, ...stopped, start: "started" };
    for (const [call, outcome] of Object.entries(ended.threads)) {
      const error = outcome as Described;
      // A worker may be up, and not be able to open the kernel's module.
      if (error.name === "KernelError")
        expect([call, error.cause?.message]).toEqual(["module", expect.any(String)]);
      else if (error.name !== "WorkerLostError")
        expect({ [call]: outcome }).toMatchObject({ [call]: whole[call] });
    }
    expect(alive).toBe(0);
  });
});

test("calls run on this thread if the permission model forbids workers: threads are refused, and nothing stays open", async () => {
  const option = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  const parameters = ["--no-warnings", option, "--allow-fs-read=*", program("forbidden.mjs")];
  const { stdout, ...run } = await runNode(parameters);
  expect(run).toMatchObject({ code: 0, stderr: "" });
  const seen = JSON.parse(stdout) as Pick<Seen, "ended" | "fallbacks"> & { readonly open: readonly string[] };
  const results = {
    inline: [2, 4, 6],
    module: [2, 4, 6],
    timed: [2, 4, 6],
    late: { name: "TaskTimeoutError" },
  };
  const refused = {
    name: "WorkerLostError",
    message: expect.stringContaining("Cannot start a worker: ") as string,
    cause: { code: "ERR_ACCESS_DENIED" },
  };
  expect(seen.ended).toMatchObject({
    auto: { ...results, start: refused },
    sequential: { ...results, start: "started" },
    threads: { inline: refused, module: refused, timed: refused, late: refused, start: refused },
  });
  expect(seen.fallbacks[0]).toMatchObject({ from: "threads", to: "sequential", error: refused });
  expect(seen.open).toEqual([]);
});
