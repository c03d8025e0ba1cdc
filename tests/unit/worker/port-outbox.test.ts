import { afterEach, expect, it, vi } from "vitest";
import { LeaveWord } from "../../../src/protocol/leave.js";
import type { ReportMessage } from "../../../src/protocol/messages.js";
import { packThrown } from "../../../src/protocol/thrown.js";
import { PortOutbox } from "../../../src/worker/port-outbox.js";

function setUp(eager: boolean, silent = false) {
  const clock = { now: 0 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  const sent: ReportMessage[] = [];
  const transfers: (readonly ArrayBuffer[])[] = [];
  const port = {
    postMessage(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
      sent.push(message as ReportMessage);
      transfers.push(transfer);
    },
  };
  const leave = new LeaveWord(new Int32Array(1));
  leave.reset(silent);
  return { clock, sent, transfers, leave, outbox: new PortOutbox(port, 9, eager, leave) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

it("gathers for a few milliseconds, and loses nothing", () => {
  const { clock, sent, transfers, outbox } = setUp(false);
  const buffer = new ArrayBuffer(8);
  outbox.value(0, { value: "a", transfer: [], isPlain: true });
  outbox.claimEnded();
  outbox.value(1, { value: "b", transfer: [buffer], isPlain: true });
  outbox.claimEnded();
  expect(sent).toEqual([]);
  clock.now = 5;
  outbox.failure(2, packThrown("x"));
  outbox.claimEnded();
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({
    round: 9,
    values: [
      [0, "a"],
      [1, "b"],
    ],
    failures: [[2, { type: "value", value: "x" }]],
    left: false,
    broken: null,
  });
  expect(transfers[0]).toEqual([buffer]);
  outbox.value(3, { value: "c", transfer: [], isPlain: true });
  outbox.claimEnded();
  expect(sent).toHaveLength(1);
  // The last message takes along what is left.
  outbox.leave();
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual({ round: 9, values: [[3, "c"]], failures: [], left: true, broken: null });
  expect(transfers[1]).toEqual([]);
});

it("sends that it left, even where there is nothing else", () => {
  const { sent, outbox } = setUp(false);
  outbox.leave();
  expect(sent).toEqual([{ round: 9, values: [], failures: [], left: true, broken: null }]);
});

it("sends nothing where there is nothing", () => {
  const { clock, sent, outbox } = setUp(false);
  clock.now = 100;
  outbox.claimEnded();
  expect(sent).toEqual([]);
});

it("sends at the end of each claim when it is eager", () => {
  const { sent, outbox } = setUp(true);
  outbox.value(0, { value: "a", transfer: [], isPlain: true });
  expect(sent).toEqual([]);
  outbox.claimEnded();
  outbox.value(1, { value: "b", transfer: [], isPlain: true });
  outbox.claimEnded();
  outbox.claimEnded();
  expect(sent.map(({ values }) => values)).toEqual([[[0, "a"]], [[1, "b"]]]);
});

it("leaves without a message where the caller's side looks for itself", () => {
  const { sent, leave, outbox } = setUp(false, true);
  outbox.leave();
  expect(sent).toEqual([]);
  expect(leave.hasLeft).toBe(true);
});

it("leaves with a message where there is something to send", () => {
  const { sent, leave, outbox } = setUp(false, true);
  outbox.value(1, { value: "a", transfer: [], isPlain: true });
  outbox.leave();
  expect(sent).toMatchObject([{ values: [[1, "a"]], left: true }]);
  expect(leave.hasLeft).toBe(false);
});

it("leaves with a message after others, which a silent leave would overtake", () => {
  const { sent, leave, outbox } = setUp(false, true);
  outbox.value(1, { value: "a", transfer: [], isPlain: true });
  outbox.flush();
  outbox.leave();
  expect(sent.map(({ left }) => left)).toEqual([false, true]);
  expect(leave.hasLeft).toBe(false);
});
