import { describe, expect, it } from "vitest";
import { BELL_BYTES, Doorbell } from "../../../src/protocol/doorbell.js";
import type { WakeMessage } from "../../../src/protocol/messages.js";
import { inlineAddress } from "../kernel/addresses.js";

const mail: WakeMessage = {
  round: 11,
  memory: 12,
  descriptorBytes: 13,
  version: -14,
  orderLength: 15,
  workers: 16,
  participant: 17,
  handles: null,
  kernel: null,
  forget: null,
  forgetKernels: null,
};
const none = (): boolean => false;

function setUp() {
  const buffer = new SharedArrayBuffer(BELL_BYTES);
  // The caller's side acts when the worker's side looks for messages: it is parked from then on.
  return { caller: new Doorbell(buffer), worker: new Doorbell(buffer) };
}

describe("a bell", () => {
  it("wakes no worker that is not parked", () => {
    const { caller, worker } = setUp();
    expect(caller.ring(mail)).toBe("away");
    caller.poke();
    worker.park(none, 0, 1);
    expect(caller.ring(mail)).toBe("away");
  });

  it("brings the mail to a worker that is parked, once", () => {
    const { caller, worker } = setUp();
    const ring = (): boolean => {
      expect(caller.ring(mail)).toBe("asleep");
      return false;
    };
    expect(worker.park(ring, 0, 60_000)).toEqual(mail);
    expect(worker.park(none, 0, 1)).toBeUndefined();
  });

  it("is left for good by a worker that is dismissed, before it waits or meanwhile", () => {
    const { caller, worker } = setUp();
    expect(worker.isDismissed).toBe(false);
    const dismiss = (): boolean => {
      caller.dismiss();
      return false;
    };
    // It would wait for a minute else.
    expect(worker.park(dismiss, 0, 60_000)).toBeUndefined();
    expect(worker.isDismissed).toBe(true);
    expect(worker.park(none, 0, 60_000)).toBeUndefined();
  });

  it("is not rung for what does not fit in it", () => {
    const { caller, worker } = setUp();
    const kernel = inlineAddress("() => 1", "k");
    const ring = (): boolean => {
      expect(caller.ring({ ...mail, handles: new Map([[1, new SharedArrayBuffer(8)]]) })).toBe("away");
      expect(caller.ring({ ...mail, kernel })).toBe("away");
      expect(caller.ring({ ...mail, forget: [1] })).toBe("away");
      return false;
    };
    expect(worker.park(ring, 0, 1)).toBeUndefined();
  });

  it("is rung once at a time: the next caller must send a message", () => {
    const { caller, worker } = setUp();
    const ring = (): boolean => {
      expect(caller.ring(mail)).toBe("asleep");
      expect(caller.ring({ ...mail, round: 99 })).toBe("away");
      expect(caller.poke()).toBe("away");
      return false;
    };
    expect(worker.park(ring, 0, 60_000)).toEqual(mail);
  });

  it("tells whether the worker was awake", () => {
    const { caller, worker } = setUp();
    const found: string[] = [];
    const ring = (): boolean => {
      found.push(caller.ring(mail));
      return false;
    };
    const poke = (): boolean => {
      if (found.length < 3) found.push(caller.poke());
      return false;
    };
    expect(worker.park(ring, 60_000, 60_000)).toEqual(mail);
    expect(worker.rangAtOnce).toBe(true);
    expect(worker.park(ring, 0, 60_000)).toEqual(mail);
    expect(worker.rangAtOnce).toBe(false);
    expect(worker.park(poke, 60_000, 60_000)).toBeUndefined();
    expect(found).toEqual(["looking", "asleep", "looking"]);
    expect(caller.ring(mail)).toBe("away");
  });

  it("makes no worker wait if there are messages, and mail of the same moment is taken, too", () => {
    const { caller, worker } = setUp();
    expect(worker.park(() => true, 0, 60_000)).toBeUndefined();
    expect(
      worker.park(
        () => {
          caller.ring(mail);
          return true;
        },
        0,
        60_000,
      ),
    ).toEqual(mail);
  });

  it("makes its worker look for messages again once it is poked", () => {
    const { caller, worker } = setUp();
    let looks = 0;
    const look = (): boolean => {
      looks += 1;
      if (looks === 1) caller.poke();
      return looks === 2;
    };
    expect(worker.park(look, 0, 60_000)).toBeUndefined();
    expect(looks).toBe(2);
  });

  it("holds its worker no longer than it is told, awake or not", () => {
    const { worker } = setUp();
    expect(worker.park(none, 0, 1)).toBeUndefined();
    expect(worker.park(none, 1, 1)).toBeUndefined();
  });
});
