import { describe, expect, it } from "vitest";
import { sendInBatches } from "../../../src/bridge/stream-batches.js";
import type { StreamedResult } from "../../../src/call/types.js";

type Result = StreamedResult<unknown>;

const never = (): AbortSignal => new AbortController().signal;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* numbers(count: number, onTaken = (_index: number): void => {}): AsyncGenerator<Result> {
  for (let index = 0; index < count; index++) {
    onTaken(index);
    yield { index, value: index };
  }
}

describe("a stream sent in batches", () => {
  it("arrives in order, many results at once if the reader is slow", async () => {
    const batches: number[][] = [];
    await sendInBatches(
      numbers(1000),
      async (batch) => {
        batches.push(batch.map(({ index }) => index));
        await settle();
      },
      never(),
    );
    expect(batches.flat()).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(batches.length).toBeLessThan(50);
  });

  it("that fails has sent all that came before", async () => {
    const got: number[] = [];
    async function* failing(): AsyncGenerator<Result> {
      yield* numbers(3);
      throw new RangeError("three");
    }
    const sent = sendInBatches(
      failing(),
      async (batch) => {
        await settle();
        got.push(...batch.map(({ index }) => index));
      },
      never(),
    );
    await expect(sent).rejects.toThrow("three");
    expect(got).toEqual([0, 1, 2]);
  });

  it("gives a quick reader each result as it comes", async () => {
    const got: number[] = [];
    let next = (): void => {};
    async function* slow(): AsyncGenerator<Result> {
      for (let index = 0; index < 3; index++) {
        yield { index, value: index };
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
    }
    const sent = sendInBatches(
      slow(),
      async (batch) => void got.push(...batch.map(({ index }) => index)),
      never(),
    );
    for (let i = 1; i <= 3; i++) {
      await settle();
      expect(got).toHaveLength(i);
      next();
    }
    await sent;
  });

  it("takes no more than a batch ahead of a reader that does not take any", async () => {
    let taken = 0;
    const controller = new AbortController();
    const sent = sendInBatches(
      numbers(10_000, (index) => {
        taken = index;
      }),
      () => new Promise(() => {}),
      controller.signal,
    );
    for (let i = 0; i < 20; i++) await settle();
    expect(taken).toBeGreaterThan(1);
    expect(taken).toBeLessThan(200);
    controller.abort("gone");
    await expect(sent).rejects.toBe("gone");
  });

  it("leaves the stream when its reader is gone", async () => {
    let left = false;
    async function* endless(): AsyncGenerator<Result> {
      try {
        for (let index = 0; ; index++) yield { index, value: index };
      } finally {
        left = true;
      }
    }
    const controller = new AbortController();
    const sent = sendInBatches(endless(), () => new Promise(() => {}), controller.signal);
    await settle();
    controller.abort("gone");
    await expect(sent).rejects.toBe("gone");
    expect(left).toBe(true);
  });

  it("fails with the stream, and leaves no rejection behind", async () => {
    const controller = new AbortController();
    async function* failing(): AsyncGenerator<Result> {
      yield { index: 0, value: 0 };
      await settle();
      // Both ends fail at the same time, as when a client goes.
      controller.abort("gone");
      throw new RangeError("failed");
    }
    await expect(sendInBatches(failing(), () => new Promise(() => {}), controller.signal)).rejects.toThrow(
      "failed",
    );
    await settle();
  });
});
