import { afterEach, expect, it, vi } from "vitest";
import { LeaveWord } from "../../../../../src/protocol/leave-word.js";
import type { ReportMessage } from "../../../../../src/protocol/messages.js";
import { packThrown } from "../../../../../src/protocol/thrown.js";
import { ReportPort } from "../../../../../src/strategies/threads/worker/report-port.js";
import { ReportSender } from "../../../../../src/strategies/threads/worker/report-sender.js";

vi.mock("../../../../../src/platform/builtins.js", () => import("../../../late-builtins.js"));

/** @param canPost says of a message that it can be posted */
function setUp(eager: boolean, silent = false, canPost = (_report: ReportMessage): boolean => true) {
  const clock = { now: 0 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  const sent: ReportMessage[] = [];
  const transfers: (readonly ArrayBuffer[])[] = [];
  const port = {
    postMessage(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
      if (!canPost(message as ReportMessage)) throw new RangeError("too much");
      sent.push(message as ReportMessage);
      transfers.push(transfer);
    },
  };
  const leave = new LeaveWord(new Int32Array(2));
  leave.reset(silent);
  return { clock, sent, transfers, leave, outbox: new ReportSender(new ReportPort(port), 9, eager, leave) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

it("a sender gathers for a few milliseconds, and loses nothing", () => {
  const { clock, sent, transfers, outbox } = setUp(false);
  const buffer = new ArrayBuffer(8);
  outbox.value(0, { value: "a", transfer: [], isPlain: true, weight: 16 });
  outbox.claimEnded();
  outbox.value(1, { value: "b", transfer: [buffer], isPlain: true, weight: 16 });
  outbox.claimEnded();
  expect(sent).toEqual([]);
  clock.now = 5;
  outbox.claimEnded();
  expect(sent).toHaveLength(1);
  expect(sent[0]).toEqual({
    round: 9,
    values: [
      [0, "a"],
      [1, "b"],
    ],
    failures: [],
    left: false,
    broken: null,
  });
  expect(transfers[0]).toEqual([buffer]);
  outbox.value(3, { value: "c", transfer: [], isPlain: true, weight: 16 });
  outbox.claimEnded();
  expect(sent).toHaveLength(1);
  // The last message takes along what is left.
  outbox.leave();
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual({ round: 9, values: [[3, "c"]], failures: [], left: true, broken: null });
  expect(transfers[1]).toEqual([]);
});

it("a sender sends that its worker left, even if there is nothing else", () => {
  const { sent, outbox } = setUp(false);
  outbox.leave();
  expect(sent).toEqual([{ round: 9, values: [], failures: [], left: true, broken: null }]);
});

it("a sender sends nothing if there is nothing", () => {
  const { clock, sent, outbox } = setUp(false);
  clock.now = 100;
  outbox.claimEnded();
  expect(sent).toEqual([]);
});

it("an eager sender sends at the end of each claim", () => {
  const { sent, outbox } = setUp(true);
  outbox.value(0, { value: "a", transfer: [], isPlain: true, weight: 16 });
  expect(sent).toEqual([]);
  outbox.claimEnded();
  outbox.value(1, { value: "b", transfer: [], isPlain: true, weight: 16 });
  outbox.claimEnded();
  outbox.claimEnded();
  expect(sent.map(({ values }) => values)).toEqual([[[0, "a"]], [[1, "b"]]]);
});

it("a worker leaves without a message if the caller's side looks for itself", () => {
  const { sent, leave, outbox } = setUp(false, true);
  outbox.leave();
  expect(sent).toEqual([]);
  expect(leave.hasLeft).toBe(true);
});

it("a worker leaves with a message if there is something to send", () => {
  const { sent, leave, outbox } = setUp(false, true);
  outbox.value(1, { value: "a", transfer: [], isPlain: true, weight: 16 });
  outbox.leave();
  expect(sent).toMatchObject([{ values: [[1, "a"]], left: true }]);
  expect(leave.hasLeft).toBe(false);
});

it("a worker leaves with a message after others, which a silent leave would overtake", () => {
  const { sent, leave, outbox } = setUp(false, true);
  outbox.value(1, { value: "a", transfer: [], isPlain: true, weight: 16 });
  outbox.flush();
  outbox.leave();
  expect(sent.map(({ left }) => left)).toEqual([false, true]);
  expect(leave.hasLeft).toBe(false);
});

const alone = (values: readonly (readonly [number, unknown])[]) => ({ values, failures: [], left: false });

it("a large or deep value, or a failure, has its own message, so no other is lost with it if it can't be read", () => {
  const { clock, sent, outbox } = setUp(false);
  clock.now = 1;
  outbox.value(0, { value: "a", transfer: [], isPlain: true, weight: 16 });
  outbox.value(1, { value: "deep", transfer: [], isPlain: true, weight: Infinity });
  outbox.value(2, { value: "b", transfer: [], isPlain: true, weight: 16 });
  outbox.value(3, { value: "large", transfer: [], isPlain: true, weight: 1e6 });
  outbox.claimEnded();
  outbox.value(4, { value: "c", transfer: [], isPlain: true, weight: 16 });
  outbox.failure(5, packThrown("x"));
  outbox.leave();
  expect(sent).toMatchObject([
    alone([[0, "a"]]),
    alone([[1, "deep"]]),
    alone([[2, "b"]]),
    alone([[3, "large"]]),
    alone([[4, "c"]]),
    { values: [], failures: [[5, { type: "value", value: "x" }]], left: false },
    { values: [], failures: [], left: true },
  ]);
});

it("a worker says which message tells that it left", () => {
  const { leave, outbox } = setUp(false);
  outbox.value(0, { value: "a", transfer: [], isPlain: true, weight: 16 });
  outbox.flush();
  expect(leave.wasSaidBy(1)).toBe(false);
  outbox.leave();
  expect(leave.wasSaidBy(1)).toBe(false);
  expect(leave.wasSaidBy(2)).toBe(true);
});

it("a value that can't be posted becomes a failure, and the others are sent", () => {
  const { sent, leave, outbox } = setUp(
    false,
    false,
    ({ values }) => !values.some(([, value]) => value === "b"),
  );
  for (const [index, value] of ["a", "b", "c"].entries())
    outbox.value(index, { value, transfer: [], isPlain: true, weight: 16 });
  outbox.leave();
  expect(sent).toMatchObject([
    alone([[0, "a"]]),
    {
      values: [],
      failures: [[1, { message: expect.stringContaining("posting it fails with RangeError: too much") }]],
    },
    alone([[2, "c"]]),
    { values: [], failures: [], left: true },
  ]);
  expect([3, 4].map((heard) => leave.wasSaidBy(heard))).toEqual([false, true]);
});
