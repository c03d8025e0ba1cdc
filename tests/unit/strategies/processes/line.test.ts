import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { Line, MAIL_BYTES } from "../../../../src/strategies/processes/line.js";
import type { FromChild, ToChild } from "../../../../src/strategies/processes/messages.js";
import { Transit } from "../../../../src/strategies/processes/transit.js";

const transit = new Transit();
afterAll(() => transit.close());

const grant = (round: number): ToChild => ({ type: "grant", round, ranges: [] });

/** Two ends; what one writes to the stream waits there. */
function newLine() {
  const place = transit.take(MAIL_BYTES);
  transit.write(new Uint8Array(MAIL_BYTES), place);
  const stream: Uint8Array[] = [];
  const heard: number[] = [];
  const parent = new Line<ToChild, FromChild>(
    (bytes) => stream.push(bytes),
    () => {},
  );
  const child = new Line<FromChild, ToChild>(
    () => {},
    (message) => heard.push((message as { round: number }).round),
  );
  parent.open(transit, place, true);
  child.open(transit, place, false);
  const deliver = (): void => {
    const bytes = stream.shift();
    if (bytes !== undefined) child.receive(bytes);
  };
  return { parent, child, stream, heard, deliver };
}

it("a message to somebody who looks does not take the stream", () => {
  const { parent, child, stream, heard } = newLine();
  child.beginLook();
  expect(child.look()).toBe(false);
  parent.send(grant(1));
  expect(stream).toEqual([]);
  expect(parent.mailed).toBe(1);
  expect(child.look()).toBe(true);
  expect(heard).toEqual([1]);
  // Who has taken one does not look any more.
  parent.send(grant(2));
  expect(stream).toHaveLength(1);
});

it("a message that was there before somebody stopped looking is heard", () => {
  const { parent, child, heard } = newLine();
  child.beginLook();
  parent.send(grant(1));
  child.endLook();
  expect(heard).toEqual([1]);
});

it("a message that is too long takes the stream", () => {
  const { parent, child, stream } = newLine();
  child.beginLook();
  const bytes = new Uint8Array(4000);
  parent.send({ type: "pieces", pieces: [{ memory: 1, isOwn: true, size: 4000, at: 0, bytes }] });
  expect(stream).toHaveLength(1);
});

it("messages are heard in their order, whoever looks when, and each once", () => {
  const step = fc.constantFrom("send", "deliver", "begin", "look", "end");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { parent, child, stream, heard, deliver } = newLine();
      let sent = 0;
      for (const each of steps) {
        if (each === "send") parent.send(grant(sent++));
        else if (each === "deliver") deliver();
        else if (each === "begin") child.beginLook();
        else if (each === "look") child.look();
        else child.endLook();
      }
      while (stream.length > 0) deliver();
      child.endLook();
      expect(heard).toEqual(Array.from({ length: sent }, (_, i) => i));
    }),
  );
});
