/** Results that a worker can write and the calling thread cannot read, as it has less stack or no memory. */
import { describe, expect, test } from "vitest";
import { program, runNode } from "./run.js";

interface Seen {
  readonly value?: readonly unknown[];
  readonly code?: string;
  readonly index?: number;
  readonly message?: string;
  readonly cause?: string;
  readonly values?: readonly (readonly [number, unknown])[];
  readonly unfinished?: readonly number[];
  readonly after: readonly unknown[];
}

async function run<T = unknown>(
  way: string,
  { flags = ["--stack-size=150"], kilobytes = 0 } = {},
): Promise<Seen & T> {
  const parameters = [...flags, program("unread.mjs"), way];
  const { code, stdout, stderr } =
    kilobytes === 0
      ? await runNode(parameters)
      : await runNode(["-c", `ulimit -v ${kilobytes}; exec "$@"`, "sh", process.execPath, ...parameters], {
          node: "sh",
        });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const seen = JSON.parse(stdout) as Seen & T;
  // The executor is as good as before.
  expect(seen.after).toEqual([{ i: 1 }, { i: 2 }]);
  return seen;
}

const COUNT = 60;
const DEEP = 41;
const UNREAD = "Cannot read what the task returned or threw";
const sound = (indices: readonly number[]) => indices.map((i) => [i, `sound ${i}`]);
const below = (end: number) => Array.from({ length: end }, (_, i) => i);

describe("a result that is too deep for the calling thread's stack", () => {
  test.each(["one of many", "two of many", "before one that throws"])(
    "fails its task, and no other: %s",
    async (way) => {
      const { code, index, message, cause, values } = await run(way);
      expect({ code, index, cause }).toEqual({ code: "SHARRAY_KERNEL", index: DEEP, cause: "RangeError" });
      expect(message).toContain(UNREAD);
      expect(message).toContain("RangeError: Maximum call stack size exceeded");
      expect(values?.filter(([i]) => i < DEEP)).toEqual(sound(below(DEEP)));
      expect(values?.some(([i]) => i === DEEP)).toBe(false);
    },
  );

  test("in every task is the error of the first one", async () => {
    expect(await run("all of them")).toMatchObject({
      code: "SHARRAY_KERNEL",
      index: 0,
      values: [],
      unfinished: below(COUNT),
    });
  });

  test("is not told if an earlier task threw", async () => {
    const { index, message, cause } = await run("behind one that throws");
    expect({ index, cause }).toEqual({ index: 3, cause: "RangeError" });
    expect(message).toContain("as it should");
  });

  test("as a field of what a task threw leaves that task failed", async () => {
    const { index, message, values } = await run("a field of an error");
    expect(index).toBe(DEEP);
    expect(message).toContain(UNREAD);
    expect(values?.filter(([i]) => i < DEEP)).toEqual(sound(below(DEEP)));
  });

  test("as a field of what a kernel threw that does not load fails the call", async () => {
    const { code, index, message } = await run("of a kernel that does not load");
    expect({ code, index }).toEqual({ code: "SHARRAY_KERNEL", index: 0 });
    expect(message).toContain(UNREAD);
  });

  test("is left out by no stream", async () => {
    const { code, index, seen } = await run<{ seen: [number, unknown][] }>("of a stream");
    expect({ code, index }).toEqual({ code: "SHARRAY_KERNEL", index: DEEP });
    const first = seen.sort(([a], [b]) => a - b).slice(0, DEEP);
    expect(first).toEqual(sound(below(DEEP)));
    expect(seen.some(([i]) => i === DEEP)).toBe(false);
  });

  test("and takes the place of all others in a stream ends it", async () => {
    expect(await run("all of a stream")).toMatchObject({ code: "SHARRAY_KERNEL", index: 0 });
  });

  test("costs other calls nothing", async () => {
    const { index, others } = await run<{ others: number[] }>("beside other calls");
    expect(index).toBe(DEEP);
    expect(others).toEqual(new Array(8).fill(COUNT));
  });

  test("ends no process if its worker has ended before it was read", async () => {
    const { code } = await run("of a worker that ends");
    expect(["SHARRAY_KERNEL", "SHARRAY_WORKER_LOST"]).toContain(code);
  });
});

test("what a kernel posts on its worker's ports ends no process and costs no result", async () => {
  expect((await run("garbage")).value).toEqual(below(4).map((i) => `sound ${i}`));
});

// How much address space Node takes for itself and for a message differs from version to version.
const isMeasured = process.platform === "linux" && process.version.startsWith("v20.");

test.runIf(isMeasured)("a result for which there is no memory fails its task, and no other", async () => {
  const { kilobytes } = await run<{ kilobytes: number }>("how large it is", { flags: [] });
  // Enough for the workers, the result and its message; too little, for some of these, for the copy that the calling thread makes.
  const messages: (string | undefined)[] = [];
  for (const megabytes of [1650, 1750, 1850, 1950]) {
    const limit = { flags: [], kilobytes: kilobytes + 1000 * megabytes };
    const seen = await run<{ ended: number[]; lengths: number[] }>("without much memory", limit);
    messages.push(seen.message);
    if (seen.code === undefined) expect(seen.lengths).toEqual([0, 4e8, 0]);
    else expect(seen).toMatchObject({ code: "SHARRAY_KERNEL", index: 1, ended: [0, 2] });
  }
  expect(messages.some((message) => message?.includes(UNREAD))).toBe(true);
});
