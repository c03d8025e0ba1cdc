import fc from "fast-check";
import { expect, it } from "vitest";
import { METER_WORDS } from "../../../../src/protocol/meter.js";
import { FrameReader, frameOf } from "../../../../src/strategies/processes/frames.js";
import type { FromChild, ToChild } from "../../../../src/strategies/processes/messages.js";

type Sent = readonly [message: ToChild | FromChild, values: unknown];

const count = fc.nat({ max: 2 ** 40 });
const ranges = fc.array(fc.tuple(count, count), { maxLength: 3 });
const bytes = fc.uint8Array({ maxLength: 50 });
const piece = fc.record({ memory: count, isOwn: fc.boolean(), size: count, at: count, bytes });
const again = fc.record({
  type: fc.constant("again" as const),
  round: count,
  ranges,
  outputs: fc.option(fc.array(count, { maxLength: 3 })),
  pieces: fc.array(piece, { maxLength: 3 }),
});
const report = fc.record({
  type: fc.constant("report" as const),
  round: count,
  executed: count,
  results: fc.option(bytes),
  written: fc.array(fc.tuple(count, count, bytes), { maxLength: 1 }),
  indices: fc.array(count, { maxLength: 1 }),
  failures: fc.constant([]),
  meter: fc.float64Array({ minLength: METER_WORDS, maxLength: METER_WORDS }),
  log: fc.option(fc.tuple(count, fc.float64Array({ maxLength: 4 }))),
  returned: ranges,
});
const grant = fc.record({ type: fc.constant("grant" as const), round: count, ranges });
const pieces = fc.record({ type: fc.constant("pieces" as const), pieces: fc.array(piece, { maxLength: 2 }) });
const message: fc.Arbitrary<ToChild | FromChild> = fc.oneof(again, report, grant, pieces);
const sent: fc.Arbitrary<Sent> = fc.tuple(
  message,
  fc.option(fc.array(fc.jsonValue()), { freq: 2, nil: undefined }),
);

it("messages come out as they went in, at any cut of the stream", () => {
  fc.assert(
    fc.property(
      fc.array(sent, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(([message, values]) => frameOf(message, values)));
        const received: unknown[] = [];
        const reader = new FrameReader((message, values) => received.push([message, values()]));
        for (let at = 0, i = 0; at < stream.length; i += 1) {
          const length = cuts[i % cuts.length] as number;
          reader.read(stream.subarray(at, at + length));
          at += length;
        }
        // As structured clone has them: negative zero stays, and so on.
        expect(received).toEqual(structuredClone(messages.map((each) => [...each])));
      },
    ),
  );
});

it("the messages of a short round are shorter than the names of their fields", () => {
  const [round, ranges] = [7, [[0, 2]] as const];
  expect(frameOf({ type: "grant", round, ranges }).length).toBeLessThan(60);
  const items = { memory: 1, isOwn: true, size: 64, at: 32, bytes: new Uint8Array(16) };
  expect(frameOf({ type: "again", round, ranges, outputs: null, pieces: [items] }).length).toBeLessThan(150);
});

it("values that can't be carried are refused, and nothing is sent of them", () => {
  expect(() => frameOf({ type: "collect" }, [() => 1])).toThrow();
});
