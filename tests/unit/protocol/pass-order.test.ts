import { describe, expect, it } from "vitest";
import { PassOrder, stateAfter, stateOf } from "../../../src/protocol/pass-order.js";

describe("the order of passes", () => {
  it("goes over all chunks of pass after pass", () => {
    const order = new PassOrder({ tasks: 3 }, undefined);
    const seen = Array.from({ length: 7 }, (_, position) => [
      order.passAt(position),
      order.indexAt(position),
    ]);
    expect(seen).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 0],
    ]);
    expect([0, 2, 3, 5, 6].map((ended) => order.passesEndedAt(ended))).toEqual([0, 0, 1, 1, 2]);
  });

  it("begins a later round with what is left of the pass that lost a worker", () => {
    const order = new PassOrder({ tasks: 4, firstPass: 5 }, Uint32Array.of(1, 3));
    const seen = Array.from({ length: 7 }, (_, position) => [
      order.passAt(position),
      order.indexAt(position),
    ]);
    expect(seen).toEqual([
      [5, 1],
      [5, 3],
      [6, 0],
      [6, 1],
      [6, 2],
      [6, 3],
      [7, 0],
    ]);
    expect([0, 1, 2, 5, 6].map((ended) => order.passesEndedAt(ended))).toEqual([5, 5, 6, 6, 7]);
  });

  it("writes two states by turns, of which the last one written counts", () => {
    expect([0, 1, 2].map(stateOf)).toEqual([0, 1, 0]);
    const states = ["x0", "y0", "x1", "y1"];
    expect([0, 1, 2, 3].map((passes) => stateAfter(passes, 2, states)[0])).toEqual(["x0", "x0", "x1", "x0"]);
  });
});
