import { expect, it } from "vitest";
import { Received } from "../../../src/protocol/received.js";

it("received values are kept by their tasks, in any order", () => {
  const received = new Received();
  for (const index of [70_000_000, 3, 0, 1024, 5_000]) received.set(index, `value ${index}`);
  received.set(7, undefined);
  for (const index of [0, 3, 1024, 5_000, 70_000_000]) {
    expect([received.has(index), received.get(index)]).toEqual([true, `value ${index}`]);
  }
  expect([received.has(7), received.get(7)]).toEqual([true, undefined]);
  for (const index of [1, 4, 6, 1023, 1025, 4_999, 70_000_001]) {
    expect([received.has(index), received.get(index)]).toEqual([false, undefined]);
  }
});

it("received values may be more than a Map holds", () => {
  const received = new Received();
  const count = 2 ** 24 + 1;
  for (let i = 0; i < count; i++) received.set(i, i);
  expect(received.get(0)).toBe(0);
  expect(received.get(count - 1)).toBe(count - 1);
  expect(received.has(count)).toBe(false);
});
