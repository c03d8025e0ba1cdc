import { afterEach, describe, expect, it, vi } from "vitest";
import type { KernelAddress } from "../../../../src/protocol/messages.js";
import { Slot } from "../../../../src/strategies/threads/slot.js";
import type { Invitation } from "../../../../src/strategies/threads/worker-slot.js";
import { inlineAddress } from "../../kernel/addresses.js";
import { control, START } from "./real-workers.js";

const slots: Slot[] = [];

afterEach(async () => {
  await Promise.all(slots.splice(0).map((slot) => slot.terminate()));
});

function slotWith(initializer: KernelAddress | null = null) {
  const told = { released: 0, ended: 0 };
  const slot = new Slot(7, { ...START, initializer }, control, {
    released: () => {
      told.released += 1;
    },
    ended: () => {
      told.ended += 1;
    },
    unheld: () => {},
  });
  slots.push(slot);
  return { slot, told };
}

function initializer(source: string): KernelAddress {
  return inlineAddress(source, "init");
}

describe("a slot", () => {
  it("is busy until its worker serves, and idle from then on", async () => {
    const { slot, told } = slotWith();
    expect([slot.number, slot.rounds, slot.readySince, slot.idleSince]).toEqual([7, 0, undefined, undefined]);
    await slot.ready;
    expect(slot.readySince).toBeGreaterThanOrEqual(slot.started);
    expect(slot.idleSince).toBeGreaterThanOrEqual(slot.readySince as number);
    expect(told).toEqual({ released: 1, ended: 0 });
  });

  it("ends its worker once, however often it is asked to", async () => {
    const { slot, told } = slotWith();
    await slot.ready;
    expect(slot.isTerminated).toBe(false);
    const first = slot.terminate();
    expect(slot.terminate()).toBe(first);
    expect([slot.isTerminated, told.ended]).toEqual([true, 1]);
    await first;
    await slot.ended;
  });

  it("rejects `ready` with what the initializer threw, and ends the worker", async () => {
    const { slot, told } = slotWith(initializer("() => { throw new RangeError('no licence'); }"));
    await expect(slot.ready).rejects.toMatchObject({ name: "RangeError", message: "no licence" });
    await slot.ended;
    expect(told.ended).toBeGreaterThan(0);
    expect(slot.isTerminated).toBe(false);
  });

  it("rejects `ready` if the worker exits while it starts", async () => {
    const { slot } = slotWith(initializer("() => { process.exit(3); }"));
    await expect(slot.ready).rejects.toThrow("The worker ended while it was starting");
    await slot.ended;
  });

  it("tells a round that its worker was lost, and that the round was not to blame", async () => {
    const { slot } = slotWith();
    await slot.ready;
    const listener = {
      report: vi.fn(),
      whenEnded: vi.fn(),
      isAt: () => false,
      hasBegun: () => false,
      hasSaidLeft: () => false,
      unread: vi.fn(),
      lost: vi.fn(),
    };
    const ending = slot.terminate();
    slot.wake(
      {
        id: 1,
        participant: 0,
        round: {
          region: { id: 1, buffer: new SharedArrayBuffer(8) },
          descriptorBytes: 0,
          version: 1,
          orderLength: 0,
          workers: 1,
        },
        job: { parts: { kernel: { id: 1, address: inlineAddress("() => 1") } } },
        placed: { places: [], block: { memory: 2, buffer: new SharedArrayBuffer(8) } },
      } as unknown as Invitation,
      listener,
    );
    expect(slot.rounds).toBe(1);
    await ending;
    expect(listener.lost).toHaveBeenCalledExactlyOnceWith(
      slot,
      expect.objectContaining({ isForeign: true }),
      undefined,
    );
    expect(slot.rounds).toBe(0);
  });
});
