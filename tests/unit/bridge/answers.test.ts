import { describe, expect, it } from "vitest";
import { Answers } from "../../../src/bridge/answers.js";
import type { ClientCall } from "../../../src/bridge/client-call.js";
import type { Known, ToHost } from "../../../src/bridge/messages.js";
import { ConnectionError, KernelError } from "../../../src/errors.js";

const request = { spec: { shape: "items", tasks: 4 }, table: { arrays: [] }, outputs: null, options: {} };

/** A call that notes what becomes of it. */
function callOf(id: number, sentAs: number, isStream = false) {
  const told: unknown[] = [];
  const ends = (how: string) => (what: unknown) => {
    call.hasEnded = true;
    told.push([how, what]);
  };
  const call = {
    id,
    request,
    sentAs,
    batches: 0,
    apart: new Map<number, unknown>(),
    hasEnded: false,
    streamBuffer: isStream ? { receive() {}, emptied: () => new Promise(() => {}) } : undefined,
    succeed: ends("succeeds"),
    fail: ends("fails"),
    stop: ends("stops"),
    released: (isSafe: boolean) => told.push(["released", isSafe]),
  };
  return { call: call as unknown as ClientCall, told };
}

function setUp() {
  const posted: ToHost[] = [];
  let resets = 0;
  const packer = {
    reset(): void {
      resets += 1;
    },
  };
  const answers = new Answers({ post: (message) => void posted.push(message) }, packer, () => {});
  const known = (what: Partial<Known>) =>
    answers.receive(["known", { heard: 9, hasUnread: false, running: [], held: [], ...what }]);
  return { answers, posted, known, resets: () => resets };
}

const lost = new RangeError("too deep");

describe("after a message that could not be read, a call", () => {
  it("that runs goes on", () => {
    const { answers, posted, known } = setUp();
    const { call, told } = callOf(1, 1);
    answers.expect(call);
    answers.lose(lost);
    expect(posted).toEqual([["unread"]]);
    known({ running: [[1, 0, []]] });
    expect(told).toEqual([]);
    answers.receive(["done", 1, true, [1, 2, 3, 4], []]);
    expect(told).toEqual([
      ["released", true],
      ["succeeds", [1, 2, 3, 4]],
    ]);
  });

  it("whose end was in it fails with its first task and the reason, and its memory is not used again", () => {
    const { answers, known } = setUp();
    const { call, told } = callOf(1, 1);
    answers.expect(call);
    answers.receive(["value", 1, 0, "first"]);
    answers.lose(lost);
    known({});
    const [released, [, error]] = told as [unknown, [string, KernelError]];
    expect(released).toEqual(["released", false]);
    expect(error).toBeInstanceOf(KernelError);
    expect(error.index).toBe(1);
    expect(error.message).toContain("reading it fails with RangeError: too deep");
    expect(error.partial?.values).toEqual(new Map([[0, "first"]]));
    expect(error.partial?.unfinished.map(({ index }) => index)).toEqual([1, 2, 3]);
  });

  it("whose memory its host still touches keeps it until that is over", () => {
    const { answers, known } = setUp();
    const { call, told } = callOf(1, 1);
    answers.expect(call);
    answers.lose(lost);
    known({ held: [1] });
    expect(told).toEqual([["fails", expect.any(KernelError)]]);
    answers.receive(["released", 1, true]);
    expect(told.at(-1)).toEqual(["released", true]);
  });

  it("that had not come to its host by then waits", () => {
    const { answers, known } = setUp();
    const { call, told } = callOf(1, 10);
    answers.expect(call);
    answers.lose(lost);
    known({ heard: 9 });
    expect(told).toEqual([]);
  });

  it("that its host could not read fails, and the host is sent all anew", () => {
    const { answers, known, resets } = setUp();
    const [first, second] = [callOf(1, 8), callOf(2, 9)];
    answers.expect(first.call);
    answers.expect(second.call);
    known({ hasUnread: true, running: [[1, 0, []]] });
    expect(first.told).toEqual([]);
    expect(second.told.at(-1)).toEqual(["fails", expect.any(ConnectionError)]);
    expect(resets()).toBe(1);
  });

  it("that is a stream asks for its last results one by one, and fails with the one that is lost again", () => {
    const { answers, posted, known } = setUp();
    const { call, told } = callOf(1, 1, true);
    answers.expect(call);
    answers.receive(["results", 1, [{ index: 0, value: "a" }]]);
    answers.lose(lost);
    known({ running: [[1, 2, [3, 2]]] });
    expect(posted).toEqual([["unread"], ["again", 1]]);
    answers.receive(["results", 1, [{ index: 3, value: "b" }]]);
    answers.lose(lost);
    known({ running: [[1, 3, [2]]] });
    expect(told).toEqual([["stops", expect.objectContaining({ code: "SHARRAY_KERNEL", index: 2 })]]);
  });
});

it("of which a value was lost fails with it, and keeps the others", () => {
  const { answers } = setUp();
  const { call, told } = callOf(1, 1);
  answers.expect(call);
  answers.receive(["value", 1, 0, "first"]);
  answers.lose(lost);
  answers.receive(["done", 1, true, [null, "b", null, "d"], [0, 2]]);
  const [, error] = told[1] as [string, KernelError];
  expect(error.index).toBe(2);
  expect([...(error.partial?.values ?? [])].sort(([a], [b]) => a - b)).toEqual([
    [0, "first"],
    [1, "b"],
    [3, "d"],
  ]);
});

it("that failed elsewhere fails with what could not be read before that", () => {
  const { answers } = setUp();
  const { call, told } = callOf(1, 1);
  answers.expect(call);
  answers.lose(lost);
  const thrown = {
    type: "error" as const,
    name: "KernelError",
    base: "Error",
    message: "Task 3",
    stack: undefined,
    fields: { code: "SHARRAY_KERNEL", index: 3, start: 3, end: 4 },
    cause: undefined,
    errors: undefined,
  };
  const partial = {
    indices: Float64Array.of(0, 1),
    values: ["a", null],
    apart: [1],
    unfinished: Float64Array.of(3, 3, 4),
    passes: undefined,
  };
  answers.receive(["failed", 1, true, { thrown, partial }]);
  const [, error] = told[1] as [string, KernelError];
  expect(error.index).toBe(1);
  expect(error.partial?.values).toEqual(new Map([[0, "a"]]));
  expect(error.partial?.unfinished.map(({ index }) => index)).toEqual([1, 3]);
});
