import fc from "fast-check";
import { expect, it } from "vitest";
import { FrameReader, frameOf } from "../../../../src/strategies/processes/frames.js";

it("messages come out as they went in, however the stream is cut", () => {
  const message = fc.record({ text: fc.string(), bytes: fc.uint8Array({ maxLength: 50 }) });
  const sent = fc.array(fc.tuple(message, fc.option(fc.array(fc.jsonValue()), { nil: undefined })), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(sent, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (messages, cuts) => {
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
    }),
  );
});

it("values that can't be carried are refused, and nothing is sent of them", () => {
  expect(() => frameOf({}, [() => 1])).toThrow();
});
